"""Writes an answer to the database while it is being given, and when it ends.

All functions run inside ``tenant(instance)``. What an answer refers to may be deleted at any moment
(its conversation, a document, the person): each function writes what can still be written, and
raises IntegrityError when something was deleted between its look and the commit
(``chat.answers.saving`` then calls it again).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Model, Q
from django.utils import timezone

from chat.answers.events import Answered
from chat.answers.reading import INTERRUPTED
from chat.models import Citation, Message
from inference.catalogue import choose_model
from ingestion.models import Chunk, Document
from instances.models import ApiKey
from retrieval.search import RetrievedChunk
from usage.models import UsageRecord
from usage.recording import record_usage

_STATUS = {
    "complete": Message.Status.COMPLETE,
    "nothing_found": Message.Status.COMPLETE,
    "stopped": Message.Status.STOPPED,
    "failed": Message.Status.FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedAnswer:
    """All that is stored of an answer when it ends.

    ``answer_id`` is that of its message; an answer of the API has no message, and is measured only.
    """

    answer_id: UUID
    instance_id: int
    answered: Answered
    user_id: int | None = None
    api_key_id: int | None = None
    search_query: str = ""
    sources: tuple[RetrievedChunk, ...] = ()


def save_sources(
    *, instance_id: int, answer_id: UUID, chunks: Sequence[RetrievedChunk], search_query: str
) -> bool:
    """Keep a copy of the passages under their numbers, and the question as it was searched.

    Saving them again changes nothing. Returns whether the message is still there.
    """
    message = Message.objects.filter(pk=answer_id)
    if not message.update(search_query=search_query):
        return False
    documents = _existing(Document, {chunk.document_id for chunk in chunks})
    passages = _existing(Chunk, {chunk.chunk_id for chunk in chunks})
    citations = [
        Citation(
            instance_id=instance_id,
            message_id=answer_id,
            number=number,
            document_id=chunk.document_id if chunk.document_id in documents else None,
            chunk_id=chunk.chunk_id if chunk.chunk_id in passages else None,
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
    return True


def save_progress(answer_id: UUID, text: str, reasoning: str) -> bool:
    """Keep what has come so far; return whether the answer is still wanted.

    An answer that was closed as interrupted while the database was away is being written again.
    """
    written = Message.objects.filter(
        Q(status=Message.Status.STREAMING) | Q(error_code=INTERRUPTED),
        pk=answer_id,
        stop_requested=False,
    )
    return bool(
        written.update(
            content=text,
            reasoning=reasoning,
            status=Message.Status.STREAMING,
            error_code="",
            updated_at=timezone.now(),
        )
    )


def save_ending(finished: FinishedAnswer) -> UsageRecord:
    """Close an answer: its text, its state, the passages that it used, and what it cost.

    Saving it again changes nothing. What it cost is recorded also when its message is deleted.
    """
    answered = finished.answered
    is_there = save_sources(
        instance_id=finished.instance_id,
        answer_id=finished.answer_id,
        chunks=finished.sources,
        search_query=finished.search_query,
    )
    if is_there:
        Message.objects.filter(pk=finished.answer_id).update(
            content=answered.text,
            reasoning=answered.reasoning,
            status=_STATUS[answered.outcome],
            model=answered.model_id,
            nothing_found=answered.outcome == "nothing_found",
            error_code=answered.error_code,
            updated_at=timezone.now(),
        )
        citations = Citation.objects.filter(message=finished.answer_id)
        for number, quote in answered.quotes.items():
            citations.filter(number=number).update(used=True, quote=quote)
    return _record(finished)


def _record(finished: FinishedAnswer) -> UsageRecord:
    """Record what an answer cost: to the model that spent tokens, if any did."""
    answered, user_id, api_key_id = finished.answered, finished.user_id, finished.api_key_id
    return record_usage(
        answer_id=finished.answer_id,
        instance_id=finished.instance_id,
        user_id=user_id if _existing(get_user_model(), {user_id}) else None,
        api_key_id=api_key_id if _existing(ApiKey, {api_key_id}) else None,
        model=choose_model(answered.asked_model_id if answered.usage else answered.model_id),
        outcome=answered.outcome,
        usage=answered.usage,
        cpu_seconds=answered.cpu_seconds,
        retrieval_ms=answered.retrieval_ms,
        first_token_ms=answered.first_token_ms,
        total_ms=answered.total_ms,
    )


def _existing(model: type[Model], keys: Collection[Any]) -> set[Any]:
    """Those of the primary keys that rows of ``model`` have now."""
    return set(model._default_manager.filter(pk__in=keys).values_list("pk", flat=True))
