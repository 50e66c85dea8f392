"""Reads an answer with all that is shown of it, and closes those that nobody writes any more.

All functions but ``instances_with_abandoned`` run inside ``tenant(instance)``.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from chat.models import Citation, Message
from instances.across_instances import ask
from instances.models import Instance
from usage.models import UsageRecord

# A running answer saves itself every second or so (``chat.live.SAVE_EVERY_S``).
SILENCE = timedelta(seconds=15)
INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class AnswerState:
    """An answer, the passages given to it, and what it cost (None until it has ended)."""

    message: Message
    citations: tuple[Citation, ...]
    usage: UsageRecord | None


def load_answer(instance: Instance, answer_id: UUID) -> AnswerState:
    """Return an answer as it is now, closed first if its process died."""
    close_abandoned(instance, answer_id)
    message = Message.objects.for_instance(instance).get(pk=answer_id)
    return AnswerState(
        message=message,
        citations=tuple(message.citations.select_related("document")),
        usage=UsageRecord.objects.for_instance(instance).filter(message_id=answer_id).first(),
    )


def instances_with_abandoned() -> list[int]:
    """The instances in which an answer's process died, by number."""
    silent_since = timezone.now() - SILENCE
    return [pk for (pk,) in ask("instances_with_silent_answers", silent_since)]


def close_abandoned(instance: Instance | int, answer_id: UUID | None = None) -> int:
    """Mark the answers whose process died as interrupted, keeping what came; return how many."""
    silent = Message.objects.for_instance(instance).filter(
        status=Message.Status.STREAMING, updated_at__lt=timezone.now() - SILENCE
    )
    if answer_id is not None:
        silent = silent.filter(pk=answer_id)
    return silent.update(
        status=Message.Status.FAILED, error_code=INTERRUPTED, updated_at=timezone.now()
    )
