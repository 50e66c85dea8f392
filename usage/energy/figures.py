"""An amount of energy, as a range; what the methods compute it from."""

from dataclasses import dataclass

from inference.token_usage import TokenUsage

WH_PER_KWH = 1000.0
J_PER_WH = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """Energy in Wh as the data centre draws it (with PUE), and how it was determined.

    ``prefill_wh``, ``decode_wh`` and ``idle_wh`` are parts of ``middle_wh``: reading the prompt,
    writing the answer, and the time without work of a measured server. None: not known separately.
    """

    low_wh: float
    middle_wh: float
    high_wh: float
    prefill_wh: float | None = None
    decode_wh: float | None = None
    idle_wh: float | None = None
    method: str
    version: str


def tokens_read(tokens: TokenUsage) -> int:
    """Return the tokens of the prompt that were computed, not found in the cache of the server."""
    return max(0, tokens.prompt_tokens - (tokens.cached_tokens or 0))
