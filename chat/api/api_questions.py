"""Questions of clients of the API, the same for all formats."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Field

from chat.answering import Question
from chat.api.messages import INSTRUCTING, MAX_INSTRUCTIONS_CHARS, MAX_NAME_CHARS, MessageIn
from chat.conversations.turns import MAX_HISTORY, MAX_QUESTION_CHARS
from chat.extras import Extras
from inference.chat_options import NO_OPTIONS, Ability, ChatOptions
from inference.llm.backend import ChatMessage
from inference.offered_models import OfferedModel
from instances.api import ApiError
from instances.models import ApiKey, Sensitivity
from usage.admission import person_name

MAX_STOPS = 4
MAX_STOP_CHARS = 200
MAX_IMAGES = 10

StopSequence = Annotated[str, Field(min_length=1, max_length=MAX_STOP_CHARS)]
StopSequences = StopSequence | Annotated[list[StopSequence], Field(max_length=MAX_STOPS)] | None
ServiceTier = Annotated[str, Field(max_length=MAX_NAME_CHARS)] | None
# Nobody waits for these answers: they come after all others.
_BATCH_TIERS = ("flex", "batch")

# Others would make the server of the model fetch an address that a client chose.
_IMAGE = re.compile(r"data:image/(png|jpeg|webp|gif);base64,[A-Za-z0-9+/]+={0,2}")
_INABILITIES: Mapping[Ability, Promise] = {
    Ability.TOOLS: gettext_lazy("This model does not call tools. Choose another one."),
    Ability.JSON: gettext_lazy(
        "This model does not write JSON (response_format, text.format). Choose another one."
    ),
    Ability.IMAGES: gettext_lazy("This model does not read images. Choose another one."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiQuestion:
    """What a client asks: its last message is the question, or the result of a function."""

    model_id: str
    messages: Sequence[MessageIn]
    max_tokens: int | None = None
    temperature: float | None = None
    stop: tuple[str, ...] = ()
    is_stream: bool = False
    service_tier: ServiceTier = None
    options: ChatOptions = NO_OPTIONS
    # A ``Decision``.
    personal_data: str = ""


def to_question(
    asked: ApiQuestion, key: ApiKey, model: OfferedModel, history_level: Sensitivity
) -> Question:
    """Return the question for the line of answers; raises ApiError if it cannot be answered."""
    place = max((i for i, each in enumerate(asked.messages) if each.role == "user"), default=None)
    last = asked.messages[-1].role if asked.messages else ""
    text = "" if place is None else asked.messages[place].plain_text.replace("\0", "").strip()
    if place is None or last not in ("user", "tool") or not text:
        raise ApiError(400, "invalid_request", _("The last message must be a user's question."))
    if len(text) > MAX_QUESTION_CHARS:
        told = _("A question has %(n)s characters at most.") % {"n": MAX_QUESTION_CHARS}
        raise ApiError(400, "invalid_request", told)
    extras = Extras(
        images=_images(asked.messages[place]),
        steps=_steps(asked.messages[place + 1 :], history_level),
        options=asked.options,
    )
    return Question(
        instance=key.instance,
        text=text,
        model=_able(model, extras),
        history=_history(asked.messages[:place], history_level),
        person=person_name(user_id=key.created_by_id, key_id=key.pk),
        instructions=_instructions(asked.messages),
        may_fall_back=False,
        max_tokens=asked.max_tokens,
        temperature=asked.temperature,
        stop=asked.stop,
        is_batch=key.is_batch or asked.service_tier in _BATCH_TIERS,
        is_streamed=asked.is_stream,
        extras=extras,
    )


def _able(model: OfferedModel, extras: Extras) -> OfferedModel:
    """Return the model at its backends that can answer; raises ApiError without any."""
    able = model.able_to(extras.needs)
    if able is None:
        lacking = sorted(extras.needs - model.abilities) or sorted(extras.needs)
        raise ApiError(400, "unsupported_parameter", str(_INABILITIES[lacking[0]]))
    return able


def _images(message: MessageIn) -> tuple[str, ...]:
    if message.has_other_parts:
        told = _("Sounds and files are not supported in questions: send text and images.")
        raise ApiError(400, "unsupported_parameter", told)
    if len(message.images) > MAX_IMAGES:
        told = _("A question has %(n)s images at most.") % {"n": MAX_IMAGES}
        raise ApiError(400, "invalid_request", told)
    if not all(_IMAGE.fullmatch(url) for url in message.images):
        told = _("Send images in the request itself, as data URLs of PNG, JPEG, WebP or GIF.")
        raise ApiError(400, "invalid_request", told)
    return tuple(message.images)


def _steps(messages: Sequence[MessageIn], level: Sensitivity) -> tuple[ChatMessage, ...]:
    """Return the calls of functions since the question, and their results."""
    steps: list[ChatMessage] = []
    for message in messages:
        if message.role == "assistant" and message.tool_calls:
            calls = tuple(call.model_dump() for call in message.tool_calls)
            steps.append(ChatMessage("assistant", message.plain_text, level, tool_calls=calls))
        elif message.role == "tool" and message.tool_call_id:
            result = message.plain_text
            steps.append(ChatMessage("tool", result, level, tool_call_id=message.tool_call_id))
        elif message.role not in INSTRUCTING:
            told = _("After the question, only calls of functions and their results may follow.")
            raise ApiError(400, "invalid_request", told)
    return tuple(steps)


def _instructions(messages: Sequence[MessageIn]) -> str:
    told = "\n".join(each.plain_text for each in messages if each.role in INSTRUCTING)
    if len(told) > MAX_INSTRUCTIONS_CHARS:
        error = _("The system's messages have %(n)s characters at most, all together.")
        raise ApiError(400, "invalid_request", error % {"n": MAX_INSTRUCTIONS_CHARS})
    return told


def _history(messages: Sequence[MessageIn], level: Sensitivity) -> tuple[ChatMessage, ...]:
    """Return the last turns, limited in number and length as those of a browser are."""
    turns = [
        ChatMessage(message.role, message.plain_text[:MAX_QUESTION_CHARS], level)
        for message in messages
        if message.role in ("user", "assistant") and message.plain_text
    ]
    return tuple(turns[-MAX_HISTORY:])
