"""Joins words cut at the ends of lines, and keeps the hyphens that belong to them.

"développe-" + "ment" is one word; "peut-" + "être" is two with a hyphen. The document itself tells
first: a joined or hyphenated form found elsewhere inside a line wins. Then French and English
habits decide.
"""

import re
from collections.abc import Iterable

_WORD = re.compile(r"[^\W\d_]+(?:[-‐’'][^\W\d_]+)*")
_LAST = re.compile(r"[^\W\d_]+(?:[-‐][^\W\d_]+)*$")
# A word is not longer: what ends a line is looked for here only.
_WORD_CHARS = 100
_FIRST = re.compile(r"[^\W\d_]+")
# First members that keep their hyphen whatever follows.
_KEEP_AFTER = frozenset(
    [
        "peut",
        "vis",
        "non",
        "ex",
        "après",
        "avant",
        "demi",
        "mi",
        "semi",
        "quasi",
        "sous",
        "vice",
        "contre",
        "grand",
        "arrière",
        "outre",
        "là",
        "ci",
        "celui",
        "celle",
        "ceux",
        "celles",
        "quelques",
        "moi",
        "toi",
        "lui",
        "elle",
        "nous",
        "vous",
        "eux",
        "elles",
        "aujourd",
        "c'est",
        "porte",
        "chef",
        "rendez",
        "procès",
        "savoir",
        "bien",
        "tiers",
        "haut",
        "self",
        "well",
    ]
)
# Second members that follow a hyphen: pronouns after a verb, particles, "-être", "-même".
_KEEP_BEFORE = frozenset(
    [
        "être",
        "vous",
        "nous",
        "elle",
        "ils",
        "elles",
        "toi",
        "lui",
        "leur",
        "là",
        "même",
        "mêmes",
        "dire",
        "vis",
        "delà",
        "dessous",
        "dessus",
    ]
)


class Vocabulary:
    """The words of a document, hyphenated ones included, as they stand inside lines."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._words: set[str] = set()
        for text in texts:
            self._words.update(_WORD.findall(text.lower()))

    def keeps_hyphen(self, before: str, after: str) -> bool:
        """Tell whether `before` (ending a line) and `after` (beginning the next) are joined by a
        hyphen rather than being one word."""
        left_match, right_match = _LAST.search(before[-_WORD_CHARS:]), _FIRST.match(after)
        if left_match is None or right_match is None:
            return True
        left, right = left_match.group(), right_match.group()
        if left + right in self._words or (left + right).lower() in self._words:
            return False
        if f"{left}-{right}".lower() in self._words:
            return True
        if right[0].isupper():
            return not left.isupper()
        last = left.lower().rpartition("-")[2]
        return last in _KEEP_AFTER or right.lower() in _KEEP_BEFORE


def join_lines(lines: Iterable[tuple[str, bool]], vocabulary: Vocabulary) -> str:
    """Return lines (text, ended with a hyphen) as one text."""
    joined = ""
    hyphenated = False
    for text, ends_with_hyphen in lines:
        if not joined:
            joined = text
        elif hyphenated:
            joined += ("-" if vocabulary.keeps_hyphen(joined, text) else "") + text
        else:
            joined += " " + text
        hyphenated = ends_with_hyphen
    return joined + "-" if hyphenated else joined
