"""The events of OpenAI's Responses API, and the response that they add up to.

A response is a list of items (reasoning, messages, calls of functions), each begun, filled and
ended by events; all events have a number.
https://platform.openai.com/docs/api-reference/responses-streaming
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from chat.answers.error_messages import user_message
from chat.answers.quoting.quotes import cited_places
from chat.answers.result import AnswerResult
from chat.api.api_answer import ApiAnswer
from chat.confidentiality.withholding import sent_passages
from inference.llm.events import Delta, ReasoningDelta, ToolCallDelta
from usage.models import AnswerStatus
from web.server_sent_events import ServerSentEvent

_PREFIXES = {"reasoning": "rs", "message": "msg", "function_call": "fc"}


@dataclass(slots=True)
class _Item:
    """An item that is being filled; ``text`` is that of its only part."""

    index: int
    id: str
    kind: str
    text: list[str] = field(default_factory=list)
    # Of the call of a function, which has arguments instead of a part.
    call: ToolCallDelta | None = None

    @property
    def is_reasoning(self) -> bool:
        return self.kind == "reasoning"

    @property
    def of_text(self) -> tuple[str, dict[str, Any]]:
        """The name of the events of its text, and what they have besides."""
        return ("reasoning_text", {}) if self.is_reasoning else ("output_text", {"logprobs": []})

    def part(self, annotations: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        text = "".join(self.text)
        if self.is_reasoning:
            return {"type": "reasoning_text", "text": text}
        return {
            "type": "output_text",
            "text": text,
            "annotations": annotations or [],
            "logprobs": [],
        }

    def shown(self, status: str, *parts: Mapping[str, Any]) -> dict[str, Any]:
        head: dict[str, Any] = {"id": self.id, "type": self.kind, "status": status}
        if self.call is not None:
            named = {"call_id": self.call.id, "name": self.call.name}
            return head | named | {"arguments": "".join(self.text)}
        head["content"] = list(parts)
        more: dict[str, Any] = {"summary": []} if self.is_reasoning else {"role": "assistant"}
        return head | more


class ResponseEvents:
    """Converts the pieces of an answer, in order; ``output`` is the items that have ended."""

    def __init__(self, answer: ApiAnswer, echoed: Mapping[str, Any]) -> None:
        self.output: list[dict[str, Any]] = []
        self._answer = answer
        self._echoed = echoed
        self._created_at = int(time.time())
        self._numbers = count()
        self._item: _Item | None = None

    def begin(self) -> Iterator[ServerSentEvent]:
        """Yield the events before the first piece."""
        response = self._response("in_progress")
        yield self._event("response.created", response=response)
        yield self._event("response.in_progress", response=response)

    def take(self, piece: Delta) -> Iterator[ServerSentEvent]:
        """Yield the events of a piece."""
        if isinstance(piece, ToolCallDelta):
            yield from self._take_call(piece)
            return
        kind = "reasoning" if isinstance(piece, ReasoningDelta) else "message"
        item = self._item
        if item is None or item.kind != kind:
            yield from self._end_item()
            item = self._new_item(kind)
            yield from self._begin_item(item)
            yield self._of_part(item, "response.content_part.added", part=item.part())
        item.text.append(piece.text)
        name, more = item.of_text
        yield self._of_part(item, f"response.{name}.delta", delta=piece.text, **more)

    def _take_call(self, piece: ToolCallDelta) -> Iterator[ServerSentEvent]:
        item = self._item
        if item is None or item.call is None or item.call.number != piece.number:
            yield from self._end_item()
            item = self._new_item("function_call")
            item.call = piece
            yield from self._begin_item(item)
        if piece.arguments:
            item.text.append(piece.arguments)
            yield self._of_item(
                item, "response.function_call_arguments.delta", delta=piece.arguments
            )

    def end(self, evidence: Mapping[str, Any]) -> Iterator[ServerSentEvent]:
        """Yield the events after the last piece; ``evidence`` is added to the response."""
        yield from self._end_item()
        status = _status(self._answer)
        yield self._event(f"response.{status}", response=self.response(evidence))

    def response(self, evidence: Mapping[str, Any]) -> dict[str, Any]:
        """Return the response of an ended answer."""
        result, status = self._answer.result, _status(self._answer)
        ending: dict[str, Any] = {"usage": _usage(result), "completed_at": int(time.time())}
        if status == "failed":
            message = user_message(result.error_code)
            ending["error"] = {"code": result.error_code, "message": message}
        if status == "incomplete":
            ending["incomplete_details"] = {"reason": "max_output_tokens"}
        return {**self._response(status), **ending, **evidence}

    def _new_item(self, kind: str) -> _Item:
        index = len(self.output)
        return _Item(index, f"{_PREFIXES[kind]}_{self._answer.id}_{index}", kind)

    def _begin_item(self, item: _Item) -> Iterator[ServerSentEvent]:
        self._item = item
        shown = item.shown("in_progress")
        yield self._event("response.output_item.added", output_index=item.index, item=shown)

    def _end_item(self) -> Iterator[ServerSentEvent]:
        item, self._item = self._item, None
        if item is None:
            return
        if item.call is not None:
            arguments = {"name": item.call.name, "arguments": "".join(item.text)}
            yield self._of_item(item, "response.function_call_arguments.done", **arguments)
            shown = item.shown("completed")
        else:
            part = item.part([] if item.is_reasoning else self._annotations("".join(item.text)))
            yield from self._end_part(item, part)
            shown = item.shown("completed", part)
        self.output.append(shown)
        yield self._event("response.output_item.done", output_index=item.index, item=shown)

    def _end_part(self, item: _Item, part: Mapping[str, Any]) -> Iterator[ServerSentEvent]:
        for number, annotation in enumerate(part.get("annotations", ())):
            added = "response.output_text.annotation.added"
            yield self._of_part(item, added, annotation_index=number, annotation=annotation)
        name, more = item.of_text
        yield self._of_part(item, f"response.{name}.done", text=part["text"], **more)
        yield self._of_part(item, "response.content_part.done", part=part)

    def _annotations(self, text: str) -> list[dict[str, Any]]:
        """Return the documents cited in a text; ``index`` is the character of the mark."""
        chunks = sent_passages(self._answer.result.chunks)
        return [
            {
                "type": "file_citation",
                "index": place,
                "file_id": str(chunks[number - 1].document_id),
                "filename": chunks[number - 1].document_name,
            }
            for place, number in cited_places(text, len(chunks))
        ]

    def _of_part(self, item: _Item, name: str, /, **more: Any) -> ServerSentEvent:
        return self._of_item(item, name, content_index=0, **more)

    def _of_item(self, item: _Item, name: str, /, **more: Any) -> ServerSentEvent:
        return self._event(name, item_id=item.id, output_index=item.index, **more)

    def _event(self, name: str, /, **more: Any) -> ServerSentEvent:
        payload = {"type": name, "sequence_number": next(self._numbers), **more}
        return ServerSentEvent(payload, name=name)

    def _response(self, status: str) -> dict[str, Any]:
        return {
            "id": f"resp_{self._answer.id}",
            "object": "response",
            "created_at": self._created_at,
            "status": status,
            "model": self._answer.question.model.id,
            "output": self.output,
            "error": None,
            "incomplete_details": None,
            "usage": None,
            "store": False,
            **self._echoed,
        }


def _status(answer: ApiAnswer) -> str:
    if answer.result.status == AnswerStatus.FAILED:
        return "failed"
    return "incomplete" if answer.was_cut else "completed"


def _usage(result: AnswerResult) -> dict[str, Any]:
    usage = result.usage
    read, written = (usage.prompt_tokens, usage.completion_tokens) if usage else (0, 0)
    cached = (usage.cached_tokens or 0) if usage else 0
    reasoning = (usage.reasoning_tokens or 0) if usage else 0
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": read + written,
    }
