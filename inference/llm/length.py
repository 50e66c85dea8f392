"""Ends an answer whose server ignores `max_tokens`."""

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


def _first_tokens(text: str, n_tokens: int) -> str:
    ends = [token.end() for token in islice(TOKEN.finditer(text), max(0, n_tokens))]
    return text[: ends[-1]] if ends else ""
