"""``/v1``: the OpenAI-compatible API, so that any OpenAI client asks an instance's documents."""

from collections.abc import Sequence
from typing import Any, Literal

from django.utils.translation import gettext as _
from ninja import Field, Router, Schema
from pydantic import ConfigDict

from chat import completions
from chat.answering import Question
from chat.failures import user_message
from chat.server_sent_events import stream_response
from inference.catalogue import LanguageModel, available_models
from inference.chat.backend import ChatMessage
from instances.api import ApiError, AsyncApiKeyAuth, KeyRequest

router = Router(tags=["OpenAI-compatible"], auth=AsyncApiKeyAuth())

MAX_MESSAGES = 200


class ContentPart(Schema):
    type: str
    text: str = ""


class MessageIn(Schema):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = None

    @property
    def plain_text(self) -> str:
        """The text of the message; images and other parts are not read."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class StreamOptions(Schema):
    include_usage: bool = False


class CompletionIn(Schema):
    """Parameters of OpenAI that mean nothing here are accepted and ignored."""

    model_config = ConfigDict(extra="ignore")

    model: str = ""
    messages: list[MessageIn] = Field(min_length=1, max_length=MAX_MESSAGES)
    stream: bool | None = None
    n: Literal[1] | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    temperature: float | None = Field(None, ge=0, le=2)


@router.get("/models", summary="The models that answer")
async def list_models(request: KeyRequest) -> dict[str, Any]:
    return {"object": "list", "data": [_shown(request, model) for model in available_models()]}


@router.get("/models/{path:model_id}", summary="One model")
async def get_model(request: KeyRequest, model_id: str) -> dict[str, Any]:
    return _shown(request, _model(request, model_id))


@router.post("/chat/completions", summary="Answer from the documents, streamed or not")
async def create_completion(request: KeyRequest, body: CompletionIn) -> Any:
    question = _question(request, body)
    include_usage = bool(body.stream_options and body.stream_options.include_usage)
    answer = completions.Completion(question, request.auth)
    await answer.begin()
    if body.stream:
        return stream_response(answer.stream(include_usage=include_usage))
    return await answer.whole()


def _question(request: KeyRequest, body: CompletionIn) -> Question:
    *before, last = body.messages
    text = last.plain_text.strip()
    if last.role != "user" or not text:
        raise ApiError(400, "invalid_request", _("The last message must be a user's question."))
    return Question(
        instance=request.auth.instance,
        text=text,
        model=_model(request, body.model),
        history=_history(before),
        instructions="\n".join(
            message.plain_text for message in body.messages if message.role in _INSTRUCTING
        ),
        may_fall_back=False,
        max_tokens=body.max_completion_tokens or body.max_tokens,
        temperature=body.temperature,
    )


_INSTRUCTING = ("system", "developer")


def _history(messages: Sequence[MessageIn]) -> tuple[ChatMessage, ...]:
    return tuple(
        ChatMessage(message.role, message.plain_text)
        for message in messages
        if message.role in ("user", "assistant") and message.plain_text
    )


def _shown(request: KeyRequest, model: LanguageModel) -> dict[str, Any]:
    created = int(request.auth.instance.created_at.timestamp())
    return {"id": model.id, "object": "model", "created": created, "owned_by": "ragapp"}


def _model(request: KeyRequest, model_id: str) -> LanguageModel:
    models = {model.id: model for model in available_models()}
    if model_id in models:
        return models[model_id]
    if model_id in ("", "default", request.auth.instance.slug):
        default = request.auth.instance.model_id
        return models.get(default) or list(models.values())[-1]
    raise ApiError(404, "model_not_found", user_message("model_not_found"))
