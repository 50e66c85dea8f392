"""Of passages that say nearly the same, puts first the one in force at the time of the question.

"Quel est le tarif actuel ?", "Quel était le tarif en 2022 ?": both find the rates of 2021 and those
of 2024, in nearly the same words, and their order is chance. Versions of one document need no such
rule, as only the last one is found.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache

from ingestion.indexing.lexical import fold
from retrieval.results import RetrievedChunk

_PRESENT = re.compile(
    r"\b(?:actuel(?:le)?s?|actuellement|en vigueur|aujourd['’]hui|a ce jour|en ce moment|a present|"
    r"presentement|desormais|maintenant|cette annee|plus recent(?:e?s)?|"
    r"current(?:ly)?|in force|in effect|today|now(?:adays)?|at present|at the moment|these days|"
    r"latest|most recent|up[- ]to[- ]date|this year)\b"
)
_WORD = re.compile(r"\w+")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
# The least share of common words (Jaccard) of passages that say nearly the same.
_LEAST_COMMON = 0.5
# The one in force must answer about as well: most of the question's words that the other has, and
# nearly its cosine. Else it is of something else that is worded in the same way.
_LEAST_BM25, _FURTHER_COSINE = 0.85, 0.02


def year_asked(question: str) -> int | None:
    """Return the year at whose end a question asks for what holds; None when it names none.

    It is that of ``date.max`` when it asks for the present, and the only year in it otherwise.
    """
    if _PRESENT.search(fold(question)):
        return date.max.year
    years = set(_YEAR.findall(question))
    return int(years.pop()) if len(years) == 1 else None


def prefer_in_force(question: str, chunks: Sequence[RetrievedChunk]) -> list[RetrievedChunk]:
    """Return chunks, best first, in the order of ``in_force_first`` if a question names a time."""
    year = year_asked(question)
    return list(chunks) if year is None else in_force_first(chunks, year)


def in_force_first(chunks: Sequence[RetrievedChunk], year: int) -> list[RetrievedChunk]:
    """Return chunks, best first, each after what says nearly the same and was in force in a year.

    That takes the place of the other one, which it names (``put_before``), and its score. The date
    of a document is the one it has, or else the last year in its title or file name; what has none
    stays where it is.
    """
    order = list(chunks)
    for place in range(len(order)):
        others = [one for one in order[place + 1 :] if _replaces(one, order[place], year)]
        if others:
            found = max(others, key=_date)
            order.remove(found)
            order.insert(place, replace(found, put_before=order[place].chunk_id))
    return [
        one if one.score == ranked.score else replace(one, score=ranked.score)
        for one, ranked in zip(order, chunks, strict=True)
    ]


def _replaces(one: RetrievedChunk, other: RetrievedChunk, year: int) -> bool:
    return (
        _is_in_force(one, other, year)
        and one.bm25 >= _LEAST_BM25 * other.bm25
        and one.cosine >= other.cosine - _FURTHER_COSINE
        and _share_common(one.text, other.text) >= _LEAST_COMMON
    )


def _is_in_force(one: RetrievedChunk, other: RetrievedChunk, year: int) -> bool:
    """Whether one holds in a year, and not the other: it is newer, or the other came later."""
    mine, others = _date(one), _date(other)
    if date.min in (mine, others) or mine.year > year:
        return False
    if others.year > year:
        return True
    are_dated = None not in (one.document_dated, other.document_dated)
    return mine > others if are_dated else mine.year > others.year


def _date(chunk: RetrievedChunk) -> date:
    """Return the date of a document, ``date.min`` if unknown."""
    if chunk.document_dated is not None:
        return chunk.document_dated
    years = _YEAR.findall(f"{chunk.document_title} {chunk.document_name}")
    return date(max(map(int, years), default=date.min.year), 1, 1)


def _share_common(one: str, other: str) -> float:
    mine, others = _words(one), _words(other)
    return len(mine & others) / (len(mine | others) or 1)


@lru_cache(maxsize=256)
def _words(text: str) -> frozenset[str]:
    """Return the different words of a text; those of the last passages are kept."""
    return frozenset(_WORD.findall(fold(text)))
