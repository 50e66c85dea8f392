"""Reads the calls of functions in the deltas of a stream.

OpenAI and vLLM send a call in pieces, told apart by `index`; Ollama and older servers send whole
calls, without an index or all with 0, some without an id or with arguments that are no text.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import orjson

from inference.llm.events import ToolCallDelta


class ToolCallReader:
    """Numbers the calls of one answer from 0, each with an id."""

    def __init__(self) -> None:
        # The ids as sent; the number of the call that an index of the server means now.
        self._ids: list[str] = []
        self._numbers: dict[Any, int] = {}

    def read(self, calls: object) -> Iterator[ToolCallDelta]:
        """Yield the pieces in the `tool_calls` of a delta."""
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, dict) and isinstance(call.get("function"), dict):
                yield self._read(call, call["function"])

    def _read(self, call: Mapping[str, Any], function: Mapping[str, Any]) -> ToolCallDelta:
        sent_id, name = str(call.get("id") or ""), str(function.get("name") or "")
        index = call.get("index")
        number = self._numbers.get(index)
        if number is None or (name and (index is None or sent_id != self._ids[number])):
            number = self._numbers[index] = len(self._ids)
            self._ids.append(sent_id)
            call_id = sent_id or f"call_{uuid4().hex}"
            return ToolCallDelta(number, _arguments(function), call_id, name)
        return ToolCallDelta(number, _arguments(function))


def _arguments(function: Mapping[str, Any]) -> str:
    arguments = function.get("arguments")
    if arguments is None or isinstance(arguments, str):
        return (arguments or "").replace("\0", "")
    return orjson.dumps(arguments).decode()
