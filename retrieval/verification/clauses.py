"""The clauses of a sentence: the parts between marks of punctuation and conjunctions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from ingestion.indexing.lexical import analyse
from retrieval.verification.quantities.quantity import Quantity

_BREAK = re.compile(
    r"[;:,|]\s+|\s[–—]\s|"
    r"(?:,\s)?\b(?:mais|but|tandis que|whereas|while|sauf|except|unless|puis|then)\b|"
    r"(?:,\s)?\b(?:et|ou|and|or)\b\s(?!(?:par|per)\b)",
    re.IGNORECASE,
)
# Between statements of their own, each with a verb.
_STATEMENT = re.compile(
    r"[.;:!?]\s+|(?:,\s)?\b(?:mais|but|tandis que|whereas|while|sauf|except|unless|si|"
    r"s['’]il(?! le )|if(?! (?:they|you) (?:wish|want))|lorsqu|tant qu|provided|"
    r"with the exception|à l'exception|hormis|hors)\b|"
    # "… and is never shared": a second verb with the same subject.
    r",?\s\b(?:et|and)\s(?=(?:[\w'’-]+\s){0,1}(?:n['’]|ne\s|est\s|sont\s|peut|doit|is\s|are\s|may\s|must\s|"
    r"can\s|will\s|has\s|have\s))",
    re.IGNORECASE,
)


# "If there is no water, call": the condition ends at the first comma.
_CONDITION = re.compile(
    r"(?:^|(?<=[.;:!?] ))(?:if|when|where|unless|without|si|s'il|s’il|lorsqu[e'’]|quand|"
    r"tant qu[e'’]|en cas d|sans)[^,.;:]*(,) ",
    re.IGNORECASE,
)
# What follows limits the quantity before it.
_LIMIT = re.compile(
    r"(?:dans la limite|jusqu['’]|au plus|au maximum|up to|at most|with a maximum)", re.IGNORECASE
)
_EXCEPTION = re.compile(
    r"(?:sauf|except|unless|with the exception|à l'exception|hormis|hors)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A part of a text, and what introduces it; an exception says the reverse of the one before."""

    text: str
    lead: str
    is_exception: bool


@dataclass(frozen=True, slots=True)
class Clause:
    """The part ``text[start:end]`` of a sentence, its terms and its quantities."""

    start: int
    end: int
    terms: frozenset[int]
    quantities: tuple[Quantity, ...]


def clauses(text: str, quantities: tuple[Quantity, ...]) -> Iterator[Clause]:
    """Yield the clauses of a text, in order; no break is within a quantity."""
    start = 0
    breaks = [
        match
        for match in _BREAK.finditer(text)
        if not any(each.start < match.end() and match.start() < each.end for each in quantities)
        and not _is_between(match, text, quantities)
    ]
    for match in [*breaks, None]:
        # A conjunction belongs to the clause that it begins.
        end = len(text) if match is None else match.start()
        if text[start:end].strip():
            inside = tuple(each for each in quantities if start <= each.start < end)
            terms = frozenset(analyse(without(text[start:end], inside, start)))
            yield Clause(start, end, terms, inside)
        if match is not None:
            start = match.start()


def _is_between(match: re.Match[str], text: str, quantities: tuple[Quantity, ...]) -> bool:
    """Whether a break is within "between midnight and 6 am", or before "up to £20"."""
    if _LIMIT.match(text, match.end()):
        return True
    before = any(_is_blank(text, each.end, match.start()) for each in quantities)
    after = any(_is_blank(text, match.end(), each.start) for each in quantities)
    return match.group().strip(" ,") in ("et", "and", "ou", "or") and before and after


def _is_blank(text: str, start: int, end: int) -> bool:
    return start <= end and not text[start:end].strip()


def statements(text: str, *, is_one: bool = False) -> list[Statement]:
    """Return the parts of a text that affirm or deny on their own; all of it if it ``is_one``.

    What a colon introduces is read with what comes before it.
    """
    if is_one:
        return [Statement(text, "", is_exception=False)]
    breaks = {match.start() for match in _STATEMENT.finditer(text)}
    breaks |= {match.start(1) for match in _CONDITION.finditer(text)}
    starts = sorted({0, len(text), *breaks})
    found: list[Statement] = []
    lead = ""
    for first, last in pairwise(starts):
        part = text[first:last]
        if part.lstrip()[:1] in ".!?":
            lead = ""
        if part.lstrip()[:1] == ":" and found:
            lead = found[-1].text
        part = part.strip(" .;:,!?\n")
        if part:
            found.append(Statement(part, lead, _EXCEPTION.match(part) is not None))
    return found


def without(text: str, quantities: tuple[Quantity, ...], offset: int = 0) -> str:
    """Return a text with its quantities blanked; ``offset`` is where it begins among them."""
    for each in quantities:
        first, last = max(0, each.start - offset), max(0, each.end - offset)
        text = text[:first] + " " * (last - first) + text[last:]
    return text
