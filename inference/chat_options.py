"""What a request asks of a model beyond text: functions to call, JSON, images."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Ability(StrEnum):
    """What only some models can do."""

    TOOLS = "tools"
    JSON = "json"
    IMAGES = "images"


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """Parameters of OpenAI's chat completions that are sent to the server unchanged."""

    tools: tuple[Mapping[str, Any], ...] = ()
    tool_choice: str | Mapping[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    response_format: Mapping[str, Any] | None = None
    # How words are chosen: top_p, seed, penalties.
    sampling: Mapping[str, float] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the part of the JSON body with these parameters."""
        body: dict[str, Any] = {}
        if self.tools:
            body["tools"] = list(self.tools)
            if self.tool_choice is not None:
                body["tool_choice"] = self.tool_choice
            if self.parallel_tool_calls is not None:
                body["parallel_tool_calls"] = self.parallel_tool_calls
        if self.response_format is not None:
            body["response_format"] = self.response_format
        return body | dict(self.sampling)


NO_OPTIONS = ChatOptions()
