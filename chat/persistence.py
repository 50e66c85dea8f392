"""Writes an answer to the database while it is being given, and when it ends.

All functions run inside ``tenant(instance)``.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from chat.events import Answered
from chat.models import Citation, Message
from inference.catalogue import choose_model
from instances.models import ApiKey, Instance
from retrieval.search import RetrievedChunk
from usage.models import UsageRecord
from usage.recording import record_usage

_STATUS = {
    "complete": Message.Status.COMPLETE,
    "nothing_found": Message.Status.COMPLETE,
    "stopped": Message.Status.STOPPED,
    "failed": Message.Status.FAILED,
}


def save_sources(answer: Message, chunks: Sequence[RetrievedChunk], search_query: str) -> None:
    """Keep a copy of the passages under their numbers, and the question as it was searched.

    Saving them again changes nothing.
    """
    Message.objects.filter(pk=answer.pk).update(search_query=search_query)
    citations = [
        Citation(
            instance_id=answer.instance_id,
            message=answer,
            number=number,
            document_id=chunk.document_id,
            chunk_id=chunk.chunk_id,
            document_name=chunk.document_name,
            heading=chunk.heading,
            page_start=chunk.page_start,
            page_end=chunk.page_end,
            page_label=chunk.page_label,
            char_start=chunk.char_start,
            char_end=chunk.char_end,
            text=chunk.text,
            score=chunk.score,
        )
        for number, chunk in enumerate(chunks, start=1)
    ]
    Citation.objects.bulk_create(citations, ignore_conflicts=True)


def save_progress(answer: Message, text: str, reasoning: str) -> bool:
    """Keep what has come so far; return whether the answer is still wanted."""
    streaming = Message.objects.filter(pk=answer.pk, status=Message.Status.STREAMING)
    return bool(streaming.update(content=text, reasoning=reasoning, updated_at=timezone.now()))


def save_ending(answer: Message, instance: Instance, user: Any, ending: Answered) -> UsageRecord:
    """Close an answer: its text, its state, the passages that it used, and what it cost."""
    Message.objects.filter(pk=answer.pk).update(
        content=ending.text,
        reasoning=ending.reasoning,
        status=_STATUS[ending.outcome],
        model=ending.model_id,
        nothing_found=ending.outcome == "nothing_found",
        error_code=ending.error_code,
        updated_at=timezone.now(),
    )
    for number, quote in ending.quotes.items():
        Citation.objects.filter(message=answer, number=number).update(used=True, quote=quote)
    return record_ending(ending, instance=instance, user=user, message_id=answer.pk)


def record_ending(
    ending: Answered,
    *,
    instance: Instance,
    user: Any = None,
    message_id: UUID | None = None,
    api_key: ApiKey | None = None,
) -> UsageRecord:
    """Record what an answer cost, whoever asked for it: to the model that spent tokens, if any."""
    return record_usage(
        instance=instance,
        user=user,
        api_key=api_key,
        message_id=message_id,
        model=choose_model(ending.asked_model_id if ending.usage else ending.model_id),
        outcome=ending.outcome,
        usage=ending.usage,
        cpu_seconds=ending.cpu_seconds,
        retrieval_ms=ending.retrieval_ms,
        first_token_ms=ending.first_token_ms,
        total_ms=ending.total_ms,
    )
