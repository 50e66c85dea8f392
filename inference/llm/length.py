"""Ends an answer whose server ignores `max_tokens` or `stop`, or which no server has written."""

from collections.abc import Sequence
from itertools import islice

from inference.llm.tokens import TOKEN, estimate_tokens

# An estimate exceeds the count of a real tokenizer by a third at most (see tokens.py).
TOLERANCE = 2


class LengthLimit:
    """Counts the tokens of an answer: each piece that a server sends has at least one."""

    def __init__(self, max_tokens: int) -> None:
        self._max_tokens = max_tokens
        self._pieces = 0
        self._estimated_tokens = 0
        self.is_exceeded = False

    def takes(self, n_pieces: int, text: str) -> bool:
        """Count the next pieces, ``text`` together, if they are all within the limit."""
        estimated = self._estimated_tokens + estimate_tokens(text)
        is_within = (
            self._pieces + n_pieces <= self._max_tokens
            and estimated <= TOLERANCE * self._max_tokens
        )
        if is_within:
            self._pieces += n_pieces
            self._estimated_tokens = estimated
        return is_within

    def cut(self, text: str) -> str:
        """Return the part of the next piece that is within the limit."""
        before = self._estimated_tokens
        self._pieces += 1
        self._estimated_tokens += estimate_tokens(text)
        if self._pieces > self._max_tokens:
            self.is_exceeded = True
            return ""
        if self._estimated_tokens > TOLERANCE * self._max_tokens:
            self.is_exceeded = True
            return _first_tokens(text, self._max_tokens - before)
        return text


class StopSequences:
    """Cuts a text, given in pieces, before the first of the sequences."""

    def __init__(self, sequences: Sequence[str] = ()) -> None:
        self._sequences = tuple(filter(None, sequences))
        self._held = ""
        self.is_reached = False

    def feed(self, text: str) -> str:
        """Return what the next piece adds to the text; a possible beginning is held back."""
        if not self._sequences or self.is_reached:
            return "" if self.is_reached else text
        text = self._held + text
        found = [place for each in self._sequences if (place := text.find(each)) >= 0]
        if found:
            self.is_reached, self._held = True, ""
            return text[: min(found)]
        kept = max(_beginning_at_the_end(text, each) for each in self._sequences)
        self._held = text[len(text) - kept :]
        return text[: len(text) - kept]

    def close(self) -> str:
        """Return what was held back, at the end of the text."""
        held, self._held = self._held, ""
        return held


def shortened(text: str, *, max_tokens: int | None, stop: Sequence[str]) -> tuple[str, bool]:
    """Return a text as a server would have ended it, and whether it had too many tokens."""
    text = StopSequences(stop).feed(text) if any(each in text for each in stop) else text
    if max_tokens is None or estimate_tokens(text) <= max_tokens:
        return text, False
    return _first_tokens(text, max_tokens), True


def _first_tokens(text: str, n_tokens: int) -> str:
    ends = [token.end() for token in islice(TOKEN.finditer(text), max(0, n_tokens))]
    return text[: ends[-1]] if ends else ""


def _beginning_at_the_end(text: str, sequence: str) -> int:
    """Return how many characters at the end of ``text`` may begin ``sequence``."""
    longest = min(len(text), len(sequence) - 1)
    return next((n for n in range(longest, 0, -1) if sequence.startswith(text[-n:])), 0)
