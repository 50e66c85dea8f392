"""Reads an answer with all that is shown of it, and closes those that nobody writes any more.

All functions but ``instances_with_abandoned`` run inside ``tenant(instance)``.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from chat.models import Citation, Message
from inference.catalogue import choose_model
from inference.llm.events import TokenUsage
from inference.llm.tokens import estimate_tokens
from instances.across_instances import ask
from instances.models import Instance
from usage.models import UsageRecord
from usage.recording import record_usage

# A running answer saves itself every second or so (``chat.answers.live.SAVE_EVERY_S``).
SILENCE = timedelta(seconds=15)
INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class AnswerState:
    """An answer, the passages given to it, and what it cost (None until it has ended)."""

    message: Message
    citations: tuple[Citation, ...]
    usage: UsageRecord | None


def load_answer(instance: Instance, answer_id: UUID) -> AnswerState | None:
    """Return an answer as it is now, closed first if its process died; None once it is deleted."""
    close_abandoned(instance.pk, answer_id)
    message = Message.objects.for_instance(instance).filter(pk=answer_id).first()
    if message is None:
        return None
    return AnswerState(
        message=message,
        citations=tuple(message.citations.select_related("document")),
        usage=UsageRecord.objects.for_instance(instance).filter(answer_id=answer_id).first(),
    )


def instances_with_abandoned() -> list[int]:
    """The instances in which an answer's process died, by number."""
    silent_since = timezone.now() - SILENCE
    return [pk for (pk,) in ask("instances_with_silent_answers", silent_since)]


def close_abandoned(instance_id: int, answer_id: UUID | None = None) -> int:
    """Close the answers whose process died, keeping what came; return how many.

    Each is interrupted, or stopped if that was asked for. What it cost is recorded as far as it is
    known; should its process only have lost the database, that one records it anew.
    """
    silent = (
        Message.objects.for_instance(instance_id)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("parent", "conversation")
        .filter(status=Message.Status.STREAMING, updated_at__lt=timezone.now() - SILENCE)
    )
    if answer_id is not None:
        silent = silent.filter(pk=answer_id)
    abandoned = list(silent)
    for message in abandoned:
        _record_what_is_known(message)
        status, code = Message.Status.FAILED, INTERRUPTED
        if message.stop_requested:
            status, code = Message.Status.STOPPED, ""
        Message.objects.filter(pk=message.pk).update(
            status=status, error_code=code, updated_at=timezone.now()
        )
    return len(abandoned)


def _record_what_is_known(message: Message) -> None:
    """Record the cost of an answer whose process died, from what it had saved.

    Its times end with its last sign of life. Its processor time is not known, and left at 0.
    """
    model = choose_model(message.model)
    passages = list(message.citations.values_list("text", flat=True))
    usage = None
    if not model.is_extractive and (passages or message.content):
        question = message.parent.content if message.parent else ""
        usage = TokenUsage(
            prompt_tokens=sum(map(estimate_tokens, [question, *passages])),
            completion_tokens=estimate_tokens(message.content) + estimate_tokens(message.reasoning),
            estimated=True,
        )
    record_usage(
        answer_id=message.pk,
        instance_id=message.instance_id,
        user_id=message.conversation.user_id,
        model=model,
        outcome="stopped" if message.stop_requested else "failed",
        usage=usage,
        cpu_seconds=0.0,
        retrieval_ms=0.0,
        first_token_ms=None,
        total_ms=max(0.0, 1000 * (message.updated_at - message.created_at).total_seconds()),
        replace=False,
    )
