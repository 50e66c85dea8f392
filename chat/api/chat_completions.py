"""``/v1/chat/completions``: answers in OpenAI's first format, with citations and impact added."""

import time
from functools import partial
from typing import Annotated, Any, Literal, Self

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from ninja import Field, Router
from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from chat.answers.error_messages import user_message
from chat.answers.result import AnswerResult
from chat.api.api_answer import ApiAnswer, start_answer
from chat.api.api_questions import ApiQuestion, ServiceTier, StopSequences
from chat.api.messages import (
    MAX_INSTRUCTIONS,
    MAX_MESSAGES,
    MAX_NAME_CHARS,
    MAX_NUMBER,
    MAX_TOOLS,
    MessageIn,
    PersonalData,
    leave_out_old_turns,
)
from chat.api.parameters import Sampling, check_tool_choice, refuse
from inference.chat_options import ChatOptions
from inference.llm.events import Delta, ReasoningDelta, TextDelta, ToolCallDelta
from instances.api import ApiError, AsyncApiKeyAuth, KeyRequest
from usage.models import AnswerStatus
from usage.quotas.api_requests import add_headers
from web.json_errors import error_body
from web.server_sent_events import ServerSentEvent

router = Router(tags=["OpenAI-compatible"], auth=AsyncApiKeyAuth())

_DONE = ServerSentEvent(b"[DONE]")


class StreamOptions(BaseModel):
    include_usage: bool | None = None


class ResponseFormat(BaseModel):
    """ "json_object", or "json_schema" with the schema; sent to the model unchanged."""

    model_config = ConfigDict(extra="allow")

    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: dict[str, Any] | None = None

    @model_validator(mode="after")
    def check_schema(self) -> Self:
        """Refuse the format "json_schema" without a schema."""
        if self.type == "json_schema" and self.json_schema is None:
            raise ValueError("json_schema is missing")
        return self


class Tool(BaseModel):
    """A function; sent to the model unchanged."""

    model_config = ConfigDict(extra="allow")

    type: Literal["function"]
    function: dict[str, Any]


class CompletionIn(Sampling):
    """Parameters of OpenAI that have no meaning here are accepted and ignored; those that change
    what an answer is are refused."""

    model_config = ConfigDict(extra="ignore")

    model: str | None = Field(None, max_length=MAX_NAME_CHARS)
    messages: list[MessageIn] = Field(
        min_length=1, max_length=MAX_INSTRUCTIONS + MAX_MESSAGES, fail_fast=True
    )
    stream: bool | None = None
    n: Literal[1] | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1, le=MAX_NUMBER)
    max_completion_tokens: int | None = Field(None, ge=1, le=MAX_NUMBER)
    temperature: float | None = Field(None, ge=0, le=2)
    response_format: ResponseFormat | None = None
    stop: StopSequences = None
    service_tier: ServiceTier = None
    tools: Annotated[list[Tool], Field(max_length=MAX_TOOLS, fail_fast=True)] | None = None
    tool_choice: Literal["none", "auto", "required"] | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    personal_data: PersonalData = None
    # Not supported (``_refuse_unsupported``).
    functions: list[Any] | None = None
    function_call: Any = None
    logprobs: bool | None = None
    top_logprobs: int | None = Field(None, ge=0, le=20)
    logit_bias: dict[str, float] | None = None
    modalities: list[str] | None = None
    audio: Any = None
    web_search_options: Any = None

    @field_validator("messages", mode="before")
    @classmethod
    def leave_out_old_turns(cls, messages: Any) -> Any:
        """Leave out all but the last messages and the instructions."""
        return leave_out_old_turns(messages)


@router.post("/chat/completions", summary="Answer from the documents, streamed or not")
async def create_completion(request: KeyRequest, response: HttpResponse, body: CompletionIn) -> Any:
    started = await start_answer(request.auth, _asked(body))
    answer = Completion(started)
    if body.stream:
        include_usage = bool(body.stream_options and body.stream_options.include_usage)
        return answer.stream(include_usage=include_usage)
    add_headers(response, started.headers)
    return await answer.whole()


class Completion:
    """An answer in the format of chat completions."""

    def __init__(self, answer: ApiAnswer) -> None:
        self._answer = answer
        self._head = {
            "id": f"chatcmpl-{answer.id}",
            "created": int(time.time()),
            "model": answer.question.model.id,
        }

    async def whole(self) -> dict[str, Any]:
        """Return the whole answer; one that was cut has the finish reason "length"."""
        await self._answer.wait()
        result = self._answer.result
        calls = [_called(call) for call in result.called_functions]
        content = None if calls and not result.text else result.text
        message: dict[str, Any] = {"role": "assistant", "content": content}
        if calls:
            message["tool_calls"] = calls
        if result.reasoning:
            message["reasoning_content"] = result.reasoning
        choice = {"index": 0, "message": message, "finish_reason": self._finish_reason()}
        return {
            **self._head,
            "object": "chat.completion",
            "choices": [choice],
            "usage": _usage(result),
            **await self._answer.evidence(),
        }

    def stream(self, *, include_usage: bool) -> StreamingHttpResponse:
        """Return the answer as server-sent events."""
        return self._answer.stream(
            [self._chunk({"role": "assistant", "content": ""})],
            lambda piece: (self._chunk(_delta(piece)),),
            partial(self._end, include_usage=include_usage),
        )

    async def _end(self, *, include_usage: bool) -> list[ServerSentEvent]:
        """Return the events after the last words."""
        result = self._answer.result
        if result.status == AnswerStatus.FAILED:
            code = result.error_code
            return [ServerSentEvent(error_body(500, code, user_message(code))), _DONE]
        evidence = await self._answer.evidence()
        ending = [self._chunk({}, finish_reason=self._finish_reason(), **evidence)]
        if include_usage:
            ending.append(self._chunk(None, usage=_usage(result), **evidence))
        return [*ending, _DONE]

    def _chunk(
        self, delta: dict[str, Any] | None, finish_reason: str | None = None, **more: Any
    ) -> ServerSentEvent:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        choices = [] if delta is None else [choice]
        payload = {**self._head, "object": "chat.completion.chunk", "choices": choices, **more}
        return ServerSentEvent(payload)

    def _finish_reason(self) -> str:
        if self._answer.was_cut:
            return "length"
        return "tool_calls" if self._answer.result.tool_calls else "stop"


def _asked(body: CompletionIn) -> ApiQuestion:
    _refuse_unsupported(body)
    tools = tuple(tool.model_dump() for tool in body.tools or ())
    check_tool_choice(body.tool_choice, {tool["function"].get("name") for tool in tools})
    wanted = body.response_format
    return ApiQuestion(
        model_id=body.model or "",
        messages=body.messages,
        max_tokens=body.max_completion_tokens or body.max_tokens,
        temperature=body.temperature,
        personal_data=body.personal_data or "",
        stop=(body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ()),
        is_stream=bool(body.stream),
        service_tier=body.service_tier,
        options=ChatOptions(
            tools=tools,
            tool_choice=body.tool_choice,
            parallel_tool_calls=body.parallel_tool_calls,
            response_format=_given(wanted) if wanted and wanted.type != "text" else None,
            sampling=body.sampling,
        ),
    )


def _given(wanted: ResponseFormat) -> dict[str, Any]:
    """Return a format as it was sent."""
    return wanted.model_dump(exclude_unset=True) | {"type": wanted.type}


def _refuse_unsupported(body: CompletionIn) -> None:
    if body.functions:
        told = _("functions is not supported: send tools.")
        raise ApiError(400, "unsupported_parameter", told)
    refuse(
        {
            "function_call": body.function_call not in (None, "none", "auto"),
            "logprobs": body.logprobs,
            "top_logprobs": body.top_logprobs,
            "logit_bias": body.logit_bias,
            "modalities": set(body.modalities or ()) - {"text"},
            "audio": body.audio,
            "web_search_options": body.web_search_options is not None,
        }
    )


def _delta(piece: Delta) -> dict[str, Any]:
    match piece:
        case TextDelta(text):
            return {"content": text}
        case ReasoningDelta(text):
            return {"reasoning_content": text}
        case ToolCallDelta():
            return {"tool_calls": [{"index": piece.number, **_called(piece)}]}


def _called(call: ToolCallDelta) -> dict[str, Any]:
    """Return a call of a function, or a piece of it."""
    function = {"arguments": call.arguments}
    if not call.id:
        return {"function": function}
    return {"id": call.id, "type": "function", "function": {"name": call.name, **function}}


def _usage(result: AnswerResult) -> dict[str, int]:
    prompt = result.usage.prompt_tokens if result.usage else 0
    completion = result.usage.completion_tokens if result.usage else 0
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
