"""``/v1/responses``: answers in OpenAI's newer format, with citations and impact added."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema
from pydantic import BaseModel, ConfigDict, field_validator

from chat.api.api_answer import ApiAnswer, start_answer
from chat.api.api_questions import ApiQuestion, ServiceTier
from chat.api.messages import (
    MAX_INSTRUCTIONS,
    MAX_INSTRUCTIONS_CHARS,
    MAX_MESSAGE_CHARS,
    MAX_MESSAGES,
    MAX_NAME_CHARS,
    MAX_NUMBER,
    MAX_TOOLS,
    CalledFunction,
    Content,
    MessageIn,
    PersonalData,
    ToolCall,
    leave_out_old_turns,
)
from chat.api.parameters import Sampling, check_tool_choice, refuse
from chat.api.response_events import ResponseEvents
from inference.chat_options import ChatOptions
from instances.api import ApiError, AsyncApiKeyAuth, KeyRequest
from usage.quotas.api_requests import add_headers
from web.server_sent_events import ServerSentEvent

_LOGPROBS = "message.output_text.logprobs"

router = Router(tags=["OpenAI-compatible"], auth=AsyncApiKeyAuth())


class InputItem(Schema):
    """A message, the call of a function, its result, or earlier reasoning, which is ignored."""

    type: Literal["message", "function_call", "function_call_output", "reasoning"] = "message"
    # Of a message.
    role: Literal["system", "developer", "user", "assistant"] = "user"
    content: Content = None
    # Of a call and its result.
    call_id: str = Field("", max_length=MAX_NAME_CHARS)
    name: str = Field("", max_length=MAX_NAME_CHARS)
    arguments: str = Field("", max_length=MAX_MESSAGE_CHARS)
    output: Content = None


class TextFormat(BaseModel):
    model_config = ConfigDict(extra="allow")

    type: Literal["text", "json_object", "json_schema"] = "text"


class TextConfiguration(BaseModel):
    format: TextFormat | None = None


class FunctionTool(BaseModel):
    model_config = ConfigDict(extra="allow")

    type: Literal["function"]
    name: str = Field(max_length=MAX_NAME_CHARS)


class ResponseIn(Sampling):
    """Nothing is stored: send the whole conversation each time."""

    model_config = ConfigDict(extra="ignore")

    model: str | None = Field(None, max_length=MAX_NAME_CHARS)
    input: list[InputItem] = Field(
        min_length=1, max_length=MAX_INSTRUCTIONS + MAX_MESSAGES, fail_fast=True
    )
    instructions: str | None = Field(None, max_length=MAX_INSTRUCTIONS_CHARS)
    stream: bool | None = None
    max_output_tokens: int | None = Field(None, ge=1, le=MAX_NUMBER)
    temperature: float | None = Field(None, ge=0, le=2)
    text: TextConfiguration | None = None
    tools: Annotated[list[FunctionTool], Field(max_length=MAX_TOOLS, fail_fast=True)] | None = None
    tool_choice: Literal["none", "auto", "required"] | FunctionTool | None = None
    parallel_tool_calls: bool | None = None
    service_tier: ServiceTier = None
    personal_data: PersonalData = None
    previous_response_id: str | None = Field(None, max_length=MAX_NAME_CHARS)
    conversation: Any = None
    background: bool | None = None
    prompt: Any = None
    top_logprobs: int | None = Field(None, ge=0, le=20)
    include: list[str] | None = None

    @field_validator("input", mode="before")
    @classmethod
    def to_recent_items(cls, value: Any) -> Any:
        """Turn a text into one message; leave out old messages."""
        if isinstance(value, str):
            # Longer texts are refused as the content of a message.
            value = [{"role": "user", "content": value[: MAX_MESSAGE_CHARS + 1]}]
        return leave_out_old_turns(value)


@router.post("/responses", summary="Answer from the documents, in the format of responses")
async def create_response(request: KeyRequest, response: HttpResponse, body: ResponseIn) -> Any:
    answer = await start_answer(request.auth, _asked(body))
    events = ResponseEvents(answer, _echoed(body))
    if body.stream:
        return answer.stream(events.begin(), events.take, partial(_end, answer, events))
    add_headers(response, answer.headers)
    return await _whole(answer, events)


async def _whole(answer: ApiAnswer, events: ResponseEvents) -> dict[str, Any]:
    for piece in await answer.wait():
        for _event in events.take(piece):
            pass
    evidence = await answer.evidence()
    for _event in events.end(evidence):
        pass
    return events.response(evidence)


async def _end(answer: ApiAnswer, events: ResponseEvents) -> Iterable[ServerSentEvent]:
    return events.end(await answer.evidence())


def _asked(body: ResponseIn) -> ApiQuestion:
    _refuse_unsupported(body)
    messages = [*_messages(body.input)]
    if body.instructions:
        messages.insert(0, MessageIn(role="system", content=body.instructions))
    return ApiQuestion(
        model_id=body.model or "",
        messages=messages,
        max_tokens=body.max_output_tokens,
        temperature=body.temperature,
        is_stream=bool(body.stream),
        service_tier=body.service_tier,
        options=_options(body),
        personal_data=body.personal_data or "",
    )


def _messages(items: Sequence[InputItem]) -> Iterator[MessageIn]:
    """Yield the messages of chat completions; calls that follow each other are one message."""
    calls: list[ToolCall] = []
    for item in items:
        if item.type == "function_call":
            function = CalledFunction(name=item.name, arguments=item.arguments)
            calls.append(ToolCall(id=item.call_id, function=function))
            continue
        if calls:
            yield MessageIn(role="assistant", tool_calls=calls)
            calls = []
        if item.type == "message":
            yield MessageIn(role=item.role, content=item.content)
        elif item.type == "function_call_output":
            yield MessageIn(role="tool", content=item.output, tool_call_id=item.call_id)
    if calls:
        yield MessageIn(role="assistant", tool_calls=calls)


def _options(body: ResponseIn) -> ChatOptions:
    """Return the parameters of chat completions that say the same."""
    choice: Any = body.tool_choice
    if isinstance(choice, FunctionTool):
        choice = {"type": "function", "function": {"name": choice.name}}
    check_tool_choice(choice, {tool.name for tool in body.tools or ()})
    wanted = body.text.format if body.text else None
    response_format: dict[str, Any] | None = None
    if wanted is not None and wanted.type != "text":
        response_format = {"type": wanted.type}
        if schema := wanted.model_extra:
            response_format["json_schema"] = schema
        elif wanted.type == "json_schema":
            raise ApiError(400, "invalid_request", _("text.format has no schema."))
    return ChatOptions(
        tools=tuple(
            {"type": "function", "function": tool.model_dump(exclude={"type"})}
            for tool in body.tools or ()
        ),
        tool_choice=choice,
        parallel_tool_calls=body.parallel_tool_calls,
        response_format=response_format,
        sampling=body.sampling,
    )


def _refuse_unsupported(body: ResponseIn) -> None:
    """Refuse what would give another answer than the client expects."""
    message = ""
    if body.previous_response_id or body.conversation:
        message = _("Responses are not stored here: send the whole conversation as input.")
    elif body.background:
        message = _("Answers do not run in the background here: send background=false.")
    if message:
        raise ApiError(400, "unsupported_parameter", message)
    refuse(
        {
            "prompt": body.prompt,
            "top_logprobs": body.top_logprobs,
            _LOGPROBS: _LOGPROBS in (body.include or ()),
        }
    )


def _echoed(body: ResponseIn) -> Mapping[str, Any]:
    """Return what a response repeats of its request."""
    wanted = body.text.format if body.text else None
    choice = body.tool_choice or "auto"
    return {
        "instructions": body.instructions,
        "max_output_tokens": body.max_output_tokens,
        "temperature": body.temperature,
        "text": {"format": wanted.model_dump() if wanted else {"type": "text"}},
        "tools": [tool.model_dump() for tool in body.tools or ()],
        "tool_choice": choice.model_dump() if isinstance(choice, FunctionTool) else choice,
        "parallel_tool_calls": body.parallel_tool_calls is not False,
        "previous_response_id": None,
        "metadata": {},
    }
