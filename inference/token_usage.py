"""What a request to a language model spent."""

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens of one request, and what the backend says of its own time and energy.

    `completion_tokens` includes `reasoning_tokens`, and `prompt_tokens` includes `cached_tokens`;
    `estimated` is true when the backend gave no count. `backend_…` is its own estimate. Absent
    figures are None, never 0.
    """

    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    estimated: bool = False
    prompt_ms: float | None = None
    completion_ms: float | None = None
    backend_energy_wh: float | None = None
    backend_gco2e: float | None = None
    backend_cost: float | None = None

    def __add__(self, other: "TokenUsage") -> "TokenUsage":
        """Return what two requests spent together; estimated when one of them is."""
        sums = {
            each.name: _sum(getattr(self, each.name), getattr(other, each.name))
            for each in fields(self)
        }
        return TokenUsage(**sums | {"estimated": self.estimated or other.estimated})


def _sum(one: Any, other: Any) -> Any:
    """The sum of the figures that there are, None without any."""
    return one if other is None else other if one is None else one + other
