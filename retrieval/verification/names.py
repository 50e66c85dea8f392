"""Names and acronyms of a sentence, and whether a text has them."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ingestion.indexing.lexical import fold

# "Building C" too.
_ACRONYM = re.compile(
    r"(?<=[a-zà-ÿ] )[B-HJ-Z]\b(?!['’.])|\b(?=[A-Z0-9&-]*[A-Z][A-Z0-9&-]*[A-Z])[A-Z][A-Z0-9&-]+\b"
)
_NAME = re.compile(r"\b[A-ZÀ-Ý][\w’'-]*[a-zà-ÿ][\w-]*")
_WORD = re.compile(r"[^\W_]+")
_CALENDAR = (
    "january february march april may june july august september october november december monday "
    "tuesday wednesday thursday friday saturday sunday"
)
_MONTHS_DAYS = frozenset(_CALENDAR.split())
_TWO_NAMES = re.compile(r" [A-ZÀ-Ý][a-zà-ÿ]")
# What begins a sentence has a capital letter without being a name.
_STARTS = re.compile(r"(?:^|[.!?:;«“\"(|]\s*|^\s*[-–•*]\s*)$")
_SMALL_WORDS = "de du des la le les l d et of the and for in en a à aux au sur pour par"
_SMALL = frozenset(_SMALL_WORDS.split())


def acronyms(text: str) -> list[str]:
    """Return the acronyms of a text that is not all in capitals."""
    if text.upper() == text:
        return []
    return list(dict.fromkeys(match.group() for match in _ACRONYM.finditer(text)))


def names(text: str) -> Iterator[str]:
    """Yield the words with a capital letter that do not begin a sentence; no acronyms."""
    for match in _NAME.finditer(text):
        word = match.group()
        if fold(word) in _MONTHS_DAYS:
            continue
        # "Birch House is …" begins with a name, "The house is …" does not.
        is_first = _STARTS.search(text[: match.start()]) is not None
        if is_first and (_TWO_NAMES.match(text, match.end()) is None or fold(word) in _SMALL):
            continue
        yield word


def words(text: str) -> list[str]:
    """Return the words of a text, folded, in order."""
    return [_folded(word) for word in _WORD.findall(text.replace("’", "'"))]


@lru_cache(maxsize=50_000)
def _folded(word: str) -> str:
    return fold(word)


def is_initials(acronym: str, found: Sequence[str]) -> bool:
    """Whether an acronym is made of the first letters of words; small ones may be left out."""
    letters = [letter for letter in fold(acronym) if letter.isalpha()]
    content = [word for word in found if word not in _SMALL]
    first = "".join(word[0] for word in content)
    return len(letters) > 1 and "".join(letters) in first
