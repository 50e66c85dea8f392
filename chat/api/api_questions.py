"""Questions of clients of the API, the same for all formats."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from django.utils.translation import gettext as _
from ninja import Field

from chat.answering import Question
from chat.api.messages import INSTRUCTING, MAX_INSTRUCTIONS_CHARS, MAX_NAME_CHARS, MessageIn
from chat.conversations.turns import MAX_HISTORY, MAX_QUESTION_CHARS
from inference.llm.backend import ChatMessage
from inference.offered_models import OfferedModel
from instances.api import ApiError
from instances.models import ApiKey
from usage.admission import person_name

MAX_STOPS = 4
MAX_STOP_CHARS = 200

StopSequence = Annotated[str, Field(min_length=1, max_length=MAX_STOP_CHARS)]
StopSequences = StopSequence | Annotated[list[StopSequence], Field(max_length=MAX_STOPS)] | None
ServiceTier = Annotated[str, Field(max_length=MAX_NAME_CHARS)] | None
# Nobody waits for these answers: they come after all others.
_BATCH_TIERS = ("flex", "batch")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiQuestion:
    """What a client asks; its last message is the question."""

    model_id: str
    messages: Sequence[MessageIn]
    max_tokens: int | None = None
    temperature: float | None = None
    stop: tuple[str, ...] = ()
    is_stream: bool = False
    service_tier: ServiceTier = None


def to_question(asked: ApiQuestion, key: ApiKey, model: OfferedModel) -> Question:
    """Return the question for the line of answers; raises ApiError if it cannot be answered."""
    *before, last = asked.messages or [MessageIn(role="system")]
    text = last.plain_text.strip()
    if last.role != "user" or not text:
        raise ApiError(400, "invalid_request", _("The last message must be a user's question."))
    if not last.is_text:
        message = _("Images, sounds and files are not supported in questions: send text.")
        raise ApiError(400, "unsupported_parameter", message)
    if len(text) > MAX_QUESTION_CHARS:
        told = _("A question has %(n)s characters at most.") % {"n": MAX_QUESTION_CHARS}
        raise ApiError(400, "invalid_request", told)
    return Question(
        instance=key.instance,
        text=text,
        model=model,
        history=_history(before),
        person=person_name(user_id=key.created_by_id, key_id=key.pk),
        instructions=_instructions(asked.messages),
        may_fall_back=False,
        max_tokens=asked.max_tokens,
        temperature=asked.temperature,
        stop=asked.stop,
        is_batch=asked.service_tier in _BATCH_TIERS,
    )


def _instructions(messages: Sequence[MessageIn]) -> str:
    told = "\n".join(each.plain_text for each in messages if each.role in INSTRUCTING)
    if len(told) > MAX_INSTRUCTIONS_CHARS:
        error = _("The system's messages have %(n)s characters at most, all together.")
        raise ApiError(400, "invalid_request", error % {"n": MAX_INSTRUCTIONS_CHARS})
    return told


def _history(messages: Sequence[MessageIn]) -> tuple[ChatMessage, ...]:
    """Return the last turns, limited in number and length as those of a browser are."""
    turns = [
        ChatMessage(message.role, message.plain_text[:MAX_QUESTION_CHARS])
        for message in messages
        if message.role in ("user", "assistant") and message.plain_text
    ]
    return tuple(turns[-MAX_HISTORY:])
