"""``/v1``: the OpenAI-compatible API, with which any OpenAI client can query an instance."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from ninja import Field, Router, Schema
from pydantic import BaseModel, ConfigDict, field_validator

from chat.answering import Question
from chat.answers.error_messages import user_message
from chat.conversations.turns import MAX_HISTORY, MAX_QUESTION_CHARS
from chat.openai_responses import CompletionResponse
from inference.catalogue import choose_model, offered_models
from inference.llm.backend import ChatMessage
from inference.offered_models import OfferedModel
from instances.api import ApiError, AsyncApiKeyAuth, KeyRequest
from instances.tenancy import in_database
from usage.admission import admit_question, person_name
from web.server_sent_events import stream_response

router = Router(tags=["OpenAI-compatible"], auth=AsyncApiKeyAuth())

# Of a longer conversation, the last messages and all instructions are read.
MAX_MESSAGES = 200
MAX_INSTRUCTIONS = 50
MAX_PARTS = 50
MAX_STOPS = 4
MAX_STOP_CHARS = 200
# Of one message (a question or an answer), and of all instructions together.
MAX_MESSAGE_CHARS = 32_000
MAX_INSTRUCTIONS_CHARS = 8_000
_MAX_NAME_CHARS = 200
_MAX_NUMBER = 2**31 - 1
_INSTRUCTING = ("system", "developer")


def _is_instruction(message: Any) -> bool:
    return isinstance(message, dict) and message.get("role") in _INSTRUCTING


class ContentPart(Schema):
    type: str = Field(max_length=_MAX_NAME_CHARS)
    text: str = Field("", max_length=MAX_MESSAGE_CHARS)

    @property
    def is_text(self) -> bool:
        """Whether the part is text ("input_text" is its name in OpenAI's newer API)."""
        return self.type in ("text", "input_text")


class MessageIn(Schema):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    # Validation stops at the first wrong part or message, as each error takes memory and time.
    content: (
        Annotated[str, Field(max_length=MAX_MESSAGE_CHARS)]
        | Annotated[list[ContentPart], Field(max_length=MAX_PARTS, fail_fast=True)]
        | None
    ) = None

    @property
    def plain_text(self) -> str:
        """The text of the message; images and other parts are ignored."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.is_text)
        return self.content or ""

    @property
    def is_text(self) -> bool:
        """Whether the message has no images and no other parts."""
        return not isinstance(self.content, list) or all(part.is_text for part in self.content)


class StreamOptions(BaseModel):
    include_usage: bool | None = None


class ResponseFormat(BaseModel):
    type: str = Field("text", max_length=_MAX_NAME_CHARS)


StopSequence = Annotated[str, Field(min_length=1, max_length=MAX_STOP_CHARS)]


class CompletionIn(Schema):
    """Parameters of OpenAI that have no meaning here are accepted and ignored; those that change
    what an answer is are refused."""

    model_config = ConfigDict(extra="ignore")

    model: str | None = Field(None, max_length=_MAX_NAME_CHARS)
    messages: list[MessageIn] = Field(
        min_length=1, max_length=MAX_INSTRUCTIONS + MAX_MESSAGES, fail_fast=True
    )
    stream: bool | None = None
    n: Literal[1] | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1, le=_MAX_NUMBER)
    max_completion_tokens: int | None = Field(None, ge=1, le=_MAX_NUMBER)
    temperature: float | None = Field(None, ge=0, le=2)
    response_format: ResponseFormat | None = None
    stop: StopSequence | Annotated[list[StopSequence], Field(max_length=MAX_STOPS)] | None = None
    tools: list[Any] | None = None
    functions: list[Any] | None = None

    @field_validator("messages", mode="before")
    @classmethod
    def leave_out_old_turns(cls, messages: Any) -> Any:
        """Leave out all but the last messages and the instructions."""
        if not isinstance(messages, list):
            return messages
        old, last = messages[:-MAX_MESSAGES], messages[-MAX_MESSAGES:]
        return [each for each in old if _is_instruction(each)] + last


@router.get("/models", summary="The models that answer")
async def list_models(request: KeyRequest) -> dict[str, Any]:
    models = await in_database(offered_models, request.auth.instance)
    return {"object": "list", "data": [_shown(request, model) for model in models]}


@router.get("/models/{path:model_id}", summary="One model")
async def get_model(request: KeyRequest, model_id: str) -> dict[str, Any]:
    return _shown(request, await in_database(_model, request, model_id))


@router.post("/chat/completions", summary="Answer from the documents, streamed or not")
async def create_completion(request: KeyRequest, body: CompletionIn) -> Any:
    model = await in_database(_model, request, body.model or "")
    question = _question(request, body, model)
    include_usage = bool(body.stream_options and body.stream_options.include_usage)
    key = request.auth
    admission = await asyncio.to_thread(
        admit_question, instance_id=key.instance_id, user_id=key.created_by_id, key_id=key.pk
    )
    response = CompletionResponse(question, key, admission)
    await response.begin()
    if body.stream:
        return stream_response(response.stream(include_usage=include_usage))
    return await response.whole()


def _question(request: KeyRequest, body: CompletionIn, model: OfferedModel) -> Question:
    *before, last = body.messages
    _refuse_unsupported(body, last)
    text = last.plain_text.strip()
    if last.role != "user" or not text:
        raise ApiError(400, "invalid_request", _("The last message must be a user's question."))
    if len(text) > MAX_QUESTION_CHARS:
        told = _("A question has %(n)s characters at most.") % {"n": MAX_QUESTION_CHARS}
        raise ApiError(400, "invalid_request", told)
    instructions = "\n".join(
        message.plain_text for message in body.messages if message.role in _INSTRUCTING
    )
    if len(instructions) > MAX_INSTRUCTIONS_CHARS:
        told = _("The system's messages have %(n)s characters at most, all together.")
        raise ApiError(400, "invalid_request", told % {"n": MAX_INSTRUCTIONS_CHARS})
    return Question(
        instance=request.auth.instance,
        text=text,
        model=model,
        history=_history(before),
        person=person_name(user_id=request.auth.created_by_id, key_id=request.auth.pk),
        instructions=instructions,
        may_fall_back=False,
        max_tokens=body.max_completion_tokens or body.max_tokens,
        temperature=body.temperature,
        stop=(body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ()),
    )


def _refuse_unsupported(body: CompletionIn, last: MessageIn) -> None:
    """Refuse what would give another answer than the client expects."""
    message = ""
    if body.response_format and body.response_format.type != "text":
        message = _("response_format is not supported: answers are text with citations.")
    elif body.tools or body.functions:
        message = _("Tools are not supported: answers are text with citations.")
    elif not last.is_text:
        message = _("Images, sounds and files are not supported in questions: send text.")
    if message:
        raise ApiError(400, "unsupported_parameter", message)


def _history(messages: Sequence[MessageIn]) -> tuple[ChatMessage, ...]:
    """Return the last turns, limited in number and length as those of a browser are."""
    turns = [
        ChatMessage(message.role, message.plain_text[:MAX_QUESTION_CHARS])
        for message in messages
        if message.role in ("user", "assistant") and message.plain_text
    ]
    return tuple(turns[-MAX_HISTORY:])


def _shown(request: KeyRequest, model: OfferedModel) -> dict[str, Any]:
    created = int(request.auth.instance.created_at.timestamp())
    return {"id": model.id, "object": "model", "created": created, "owned_by": "ragapp"}


def _model(request: KeyRequest, model_id: str) -> OfferedModel:
    instance = request.auth.instance
    chosen = choose_model(instance, model_id)
    if model_id in (chosen.id, "", "default", instance.slug):
        return chosen
    raise ApiError(404, "model_not_found", user_message("model_not_found"))
