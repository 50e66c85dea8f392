"""Passages that say the same are found once: copies and versions of a document.

Two passages say the same if their words are the same but for some that are spelled a little
differently. A number, a negation or another word that only one of them has is a difference: an
amendment is not folded into what it amends.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from functools import lru_cache

from retrieval.results import Copy, RetrievedChunk

# Passages ranked beyond those that are wanted, in place of the copies.
FOLDED = 12
# The share of the words of a passage that may be spelled differently.
_MAX_MISSPELT = 0.05
# How near two spellings of a word are, as a ratio of difflib. They begin with the same letter:
# "possible" and "impossible" are no spellings of one word.
_NEAR = 0.85
_WORD = re.compile(r"\w+")


def fold_copies(chunks: Iterable[RetrievedChunk]) -> list[RetrievedChunk]:
    """Return the chunks, best first, without those that say the same as a better one.

    The better one names the others in ``copies``. A passage is not folded into one of a higher
    level, which fewer models may receive.
    """
    kept: list[tuple[RetrievedChunk, int, list[Copy]]] = []
    for chunk in chunks:
        n_words = _count_words(chunk.text)
        for other, others_n_words, copies in kept:
            # Texts of the same words but for some spellings have as many different ones.
            if (
                n_words == others_n_words
                and chunk.sensitivity.covers(other.sensitivity)
                and say_the_same(_words(chunk.text), _words(other.text))
            ):
                copies.append(Copy(chunk.document_id, chunk.display_title, chunk.chunk_id))
                break
        else:
            kept.append((chunk, n_words, []))
    return [replace(chunk, copies=tuple(copies)) if copies else chunk for chunk, _n, copies in kept]


@lru_cache(maxsize=1024)
def _count_words(text: str) -> int:
    """Return how many different words a text has; that of the last passages is kept."""
    return len(set(_words(text)))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def say_the_same(one: list[str], other: list[str]) -> bool:
    """Whether two lists of words, in lower case, differ by some spellings at most."""
    if one == other:
        return True
    if not one or not other:
        return False
    mine, theirs = set(one), set(other)
    only_mine, only_theirs = mine - theirs, theirs - mine
    allowed = _MAX_MISSPELT * min(len(mine), len(theirs))
    if max(len(only_mine), len(only_theirs)) > allowed or len(only_mine) != len(only_theirs):
        return False
    return all(_is_misspelt(word, only_theirs) for word in only_mine) and (
        abs(len(one) - len(other)) <= allowed
    )


def _is_misspelt(word: str, others: set[str]) -> bool:
    if any(char.isdigit() for char in word):
        return False
    return any(near[0] == word[0] for near in get_close_matches(word, others, cutoff=_NEAR))
