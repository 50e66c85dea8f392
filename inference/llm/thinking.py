"""Reasoning that a model writes into its answer between `<think>` and `</think>`.

Servers without a reasoning parser send it as text. Only a tag at the *beginning* of the answer
starts reasoning; a later one is part of the text.
"""

from inference.llm.events import ReasoningDelta, TextDelta

OPENING = "<think>"
CLOSING = "</think>"


class ThinkSplitter:
    """Separates reasoning from the answer, in text split at any place."""

    def __init__(self) -> None:
        self._held = ""
        self._feed = self._begin

    def feed(self, text: str) -> list[TextDelta | ReasoningDelta]:
        """Return the deltas of the next piece; the possible beginning of a tag is held back."""
        self._held += text
        return self._feed()

    def close(self) -> list[TextDelta | ReasoningDelta]:
        """Return the text that was held back, at the end of the answer."""
        held, self._held = self._held, ""
        if not held:
            return []
        return [ReasoningDelta(held) if self._feed == self._think else TextDelta(held)]

    def _begin(self) -> list[TextDelta | ReasoningDelta]:
        begun = self._held.lstrip()
        if begun.startswith(OPENING):
            self._held = begun.removeprefix(OPENING).lstrip()
            self._feed = self._think
            return self._feed()
        if OPENING.startswith(begun):
            return []
        self._feed = self._answer
        return self._feed()

    def _think(self) -> list[TextDelta | ReasoningDelta]:
        thought, closed, answer = self._held.partition(CLOSING)
        if closed:
            self._held = answer
            self._feed = self._after_thinking
            return [*([ReasoningDelta(thought)] if thought else []), *self._feed()]
        kept = _tag_start_length(thought)
        self._held = thought[len(thought) - kept :]
        thought = thought[: len(thought) - kept]
        return [ReasoningDelta(thought)] if thought else []

    def _after_thinking(self) -> list[TextDelta | ReasoningDelta]:
        self._held = self._held.lstrip()
        if not self._held:
            return []
        self._feed = self._answer
        return self._feed()

    def _answer(self) -> list[TextDelta | ReasoningDelta]:
        text, self._held = self._held, ""
        return [TextDelta(text)] if text else []


def _tag_start_length(text: str) -> int:
    """Return how many characters at the end of `text` may begin a closing tag."""
    longest = min(len(text), len(CLOSING) - 1)
    return next((n for n in range(longest, 0, -1) if CLOSING.startswith(text[-n:])), 0)
