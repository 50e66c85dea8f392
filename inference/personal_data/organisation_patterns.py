r"""Patterns of an organisation's own numbers, such as ``Student number: 2\d{7}``.

They are written by administrators and run on every question: RE2 takes linear time for any pattern,
and refuses those that it could not run so (back references, look-around).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

MAX_PATTERNS = 20
MAX_PATTERN_CHARS = 200
MAX_NAME_CHARS = 60
_MAX_MEMORY_BYTES = 1 << 20


class InvalidPattern(ValueError):
    """A pattern that is not valid, or that matches an empty text; ``line`` is what was written."""

    def __init__(self, line: str) -> None:
        super().__init__(line)
        self.line = line


@dataclass(frozen=True, slots=True)
class NumberPattern:
    """The name of a number, and the regular expression (RE2) that matches whole numbers."""

    name: str
    expression: str


def read_patterns(text: str) -> tuple[NumberPattern, ...]:
    """Return the patterns of a text with one ``name: expression`` a line.

    Raises InvalidPattern.
    """
    patterns: list[NumberPattern] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _colon, expression = (part.strip() for part in line.partition(":"))
        is_short = len(name) <= MAX_NAME_CHARS and len(expression) <= MAX_PATTERN_CHARS
        if not name or not expression or not is_short or len(patterns) == MAX_PATTERNS:
            raise InvalidPattern(line)
        try:
            alone = re2.compile(expression, _options())
        except re2.error as error:
            raise InvalidPattern(line) from error
        if alone.search("") is not None:
            raise InvalidPattern(line)
        patterns.append(NumberPattern(name, expression))
    return tuple(patterns)


def matches(patterns: Sequence[NumberPattern], text: str) -> Iterator[tuple[str, int, int]]:
    """Yield name, start and end of the numbers in a text; each is a word by itself."""
    for pattern in patterns:
        for match in _compiled(pattern.expression).finditer(text):
            if match.end() > match.start():
                yield pattern.name, match.start(), match.end()


@lru_cache(maxsize=1000)
def _compiled(expression: str) -> Any:
    """Return a valid expression, compiled between word boundaries."""
    return re2.compile(rf"\b(?:{expression})\b", _options())


def _options() -> Any:
    options = re2.Options()
    options.max_mem = _MAX_MEMORY_BYTES
    options.log_errors = False
    return options
