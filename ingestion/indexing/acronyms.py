"""Acronyms that a text expands itself: "règlement professionnel du notariat (RPN)".

An acronym is believed if its letters are the initials of the words before the bracket, or of those
in it ("RPN (règlement …)"), without words such as "of the". So no list of acronyms is needed, and
"le directeur (DRH)" expands nothing.
"""

import re
from collections.abc import Iterator, Sequence

from ingestion.indexing.lexical import fold, words_of
from ingestion.indexing.stop_words import STOP_WORDS

# Letters of an acronym.
_LEAST, _MOST = 2, 8
_MOST_WORDS = 14
_SHORT = r"(?P<short>[A-ZÀ-Ý](?:[A-ZÀ-Ý0-9.&-]|[a-z](?=[A-ZÀ-Ý])){1,11})s?"
_AFTER = re.compile(rf"(?P<long>[^().;:!?\n]{{5,160}})\(\s*[«\"“]?\s*{_SHORT}\s*[»\"”]?\s*\)")
_BEFORE = re.compile(rf"\b{_SHORT}\s*\((?P<long>[^().;:!?\n]{{5,120}})\)")


def find_acronyms(text: str) -> set[tuple[str, str]]:
    """Return the acronyms that a text expands, each with its long form, both folded."""
    found = {_ending(each["long"], each["short"]) for each in _AFTER.finditer(text)}
    for each in _BEFORE.finditer(text):
        if (pair := _ending(each["long"], each["short"])) and pair[1] == _folded(each["long"]):
            found.add(pair)
    return {pair for pair in found if pair}


def written_acronyms(text: str) -> list[str]:
    """Return the words of a question that are written as acronyms, folded."""
    return [fold(word) for word in words_of(text) if len(word) > 1 and word.isupper()]


def folded_words(text: str) -> str:
    """Return a text as long forms are compared: its words, folded, with a space around each."""
    return f" {_folded(text)} "


def _folded(text: str) -> str:
    return " ".join(map(fold, words_of(text)))


def _ending(long: str, short: str) -> tuple[str, str] | None:
    """Return the acronym and the end of ``long`` that its letters abbreviate, None without one."""
    letters = "".join(char for char in fold(short) if char.isalnum())
    words = [fold(word) for word in words_of(long)][-_MOST_WORDS:]
    if not _LEAST <= len(letters) <= _MOST:
        return None
    first = next(_first_words(letters, words), None)
    return None if first is None else (letters, " ".join(words[first:]))


def _first_words(letters: str, words: Sequence[str]) -> Iterator[int]:
    """Yield the position of each first word, such that the letters are initials from there on."""
    if not words:
        return
    *before, last = words
    is_skipped = last in STOP_WORDS
    if is_skipped:
        yield from _first_words(letters, before)
    if last[0] == letters[-1]:
        if len(letters) > 1:
            yield from _first_words(letters[:-1], before)
        elif not is_skipped:
            yield len(before)
