"""Closes answers whose process ended before it saved their end.

``close_abandoned`` runs inside ``tenant(instance)``.
"""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from chat.models import Message
from inference.catalogue import choose_model, known_model
from inference.llm.tokens import estimate_tokens
from inference.token_usage import TokenUsage
from instances.across_instances import call_function
from instances.models import Instance
from usage.models import AnswerStatus
from usage.recording import Kind, MeasuredRequest, Outcome, Requester, record_requests

# A running answer is saved every three seconds at least (``chat.running.SAVE_EVERY_S``).
SILENCE = timedelta(seconds=15)
INTERRUPTED = "interrupted"


def instances_with_abandoned() -> list[int]:
    """Return the primary keys of the instances that have abandoned answers."""
    silent_since = timezone.now() - SILENCE
    return [pk for (pk,) in call_function("instances_with_silent_answers", silent_since)]


def close_abandoned(instance_id: int, answer_id: UUID | None = None) -> int:
    """Close abandoned answers, or the given one if it is abandoned; return how many.

    Their text is kept. The status is failed (interrupted), or stopped if a stop was requested. The
    known part of the cost is recorded; a process that had only lost the database replaces it.
    """
    silent = (
        Message.objects.for_instance(instance_id)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("parent", "conversation")
        .filter(status=AnswerStatus.STREAMING, updated_at__lt=timezone.now() - SILENCE)
    )
    if answer_id is not None:
        silent = silent.filter(pk=answer_id)
    abandoned = list(silent)
    for message in abandoned:
        status, code = AnswerStatus.FAILED, INTERRUPTED
        if message.stop_requested:
            status, code = AnswerStatus.STOPPED, ""
        _record_known_cost(message, status)
        Message.objects.filter(pk=message.pk).update(
            status=status, error_code=code, updated_at=timezone.now()
        )
    return len(abandoned)


def _record_known_cost(message: Message, status: AnswerStatus) -> None:
    """Record the known cost of an abandoned answer, from its last saved state.

    Its processor time is unknown, and recorded as 0.
    """
    instance = Instance.objects.get(pk=message.instance_id)
    model = (known_model(instance, message.model) or choose_model(instance)).figures
    passages = list(message.citations.values_list("text", flat=True))
    tokens = None
    if not model.is_extractive and (passages or message.content):
        question = message.parent.content if message.parent else ""
        tokens = TokenUsage(
            prompt_tokens=sum(map(estimate_tokens, [question, *passages])),
            completion_tokens=estimate_tokens(message.content) + estimate_tokens(message.reasoning),
            estimated=True,
        )
    request = MeasuredRequest(
        kind=Kind.ANSWER,
        outcome=Outcome(status),
        model_id=message.model,
        is_extractive=model.is_extractive,
        llm=None if model.is_extractive else model,
        tokens=tokens,
        total_ms=max(0.0, 1000 * (message.updated_at - message.created_at).total_seconds()),
    )
    requester = Requester(instance_id=message.instance_id, user_id=message.conversation.user_id)
    record_requests([request], request_id=message.pk, requester=requester, replace=False)
