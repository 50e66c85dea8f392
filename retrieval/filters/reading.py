"""Reads the kind and the date of the documents that a question is about.

"Que disent les circulaires de 2023 sur…", "the 2021 minutes", "le dernier rapport d'activité". A
date is read only beside a kind of document, or beside a word such as "documents": others belong to
what is asked. A kind alone only when people have given it to documents, and the question names it
as the place of the answer ("selon le règlement intérieur").
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from ingestion.indexing.lexical import fold
from retrieval.filters.kinds import ANY_KIND, KINDS
from retrieval.verification.quantities.dates import MONTHS

_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_YEAR = r"(?:19|20)\d\d"
_DATE = (
    rf"(?:(?P<day>\d{{1,2}})(?:er|st|nd|rd|th)? )?"
    rf"(?:(?P<month>{_MONTH}) (?:(?P<day2>\d{{1,2}}),? )?)?(?P<year>{_YEAR})\b"
)
_RELATION = (
    r"(?P<relation>depuis|a partir d[eu]|apres|avant|jusqu['’]en|jusqu['’]a|since|after|before|"
    r"until) (?:l['’]annee |le |the )?"
)
_RANGE = rf"(?:entre|between|de|from) (?P<first>{_YEAR}) (?:et|and|a|to) (?P<last>{_YEAR})\b"
_GAP = (
    r"(?: (?:de l['’]annee|datee?s? d[eu]|parue?s? en|publiee?s? en|published in|"
    r"dated|du|de|des|en|pour|of|from|for|in))? "
)
_LATEST = r"(?:dernier|derniere|derniers|dernieres|plus recente?s?|latest|most recent)"
_PLACE = r"\b(?:selon|d['’]apres|dans|according to|in) (?:les |le |la |l['’]|nos |notre |the |our )"
# A kind that stands alone may not be the beginning of another expression.
_END = r"(?! (?:de|du|d['’]|des|of)\b)"
_UNTIL = ("avant", "before", "jusqu", "until")
_EXCLUSIVE = ("avant", "before", "apres", "after")


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """What documents a question is about: a kind as it is typed, and the first and the last day.

    ``pattern`` matches the kind in folded text; both are "" for any kind. ``is_latest``: only the
    latest one. ``rest`` is the question without these words, which say nothing of its answer.
    """

    kind: str = ""
    pattern: str = ""
    since: date | None = None
    until: date | None = None
    is_latest: bool = False
    rest: str = ""


def may_be_filtered(question: str) -> bool:
    """Whether a question has a year, or words that place an answer or ask for the latest."""
    return re.search(rf"\b{_YEAR}\b|{_LATEST}|{_PLACE}", _folded(question)) is not None


def read_filter(question: str, categories: Mapping[str, str]) -> DocumentFilter | None:
    """Return the filter that a question names, None without one.

    ``categories`` are the kinds that people have given to documents, with their patterns.
    """
    typed = " ".join(unicodedata.normalize("NFC", question).split())
    text = _folded(question)
    for pattern in (*categories.values(), *KINDS.values(), ANY_KIND):
        kind = rf"\b(?P<kind>{pattern})\b"
        # The expressions around it are compiled only for the few kinds that are there.
        if re.search(kind, text) is None:
            continue
        is_any = pattern == ANY_KIND
        dated = re.search(rf"{kind}{_GAP}(?:{_RANGE}|(?:{_RELATION})?{_DATE})", text)
        before = re.search(rf"\b(?P<year>{_YEAR}) {kind}", text)
        latest = None if is_any else re.search(rf"\b{_LATEST} {kind}", text)
        is_place = pattern in categories.values()
        alone = re.search(rf"{_PLACE}{kind}{_END}", text) if is_place else None
        found = dated or before or latest or alone
        if found is None:
            continue
        since, until = _days(found)
        if found in (dated, before) and since is None and until is None:
            continue
        # The same length, unless a letter has become two.
        typed = typed if len(typed) == len(text) else text
        return DocumentFilter(
            kind="" if is_any else typed[found.start("kind") : found.end("kind")],
            pattern="" if is_any else pattern,
            since=since,
            until=until,
            is_latest=found is latest,
            rest=f"{typed[: found.start()]}{typed[found.end() :]}",
        )
    return None


def _days(found: re.Match[str]) -> tuple[date | None, date | None]:
    """Return the first and the last day of the date that was found, None and None without one."""
    parts = found.groupdict()
    if parts.get("first"):
        first, last = sorted((int(parts["first"]), int(parts["last"])))
        return date(first, 1, 1), date(last, 12, 31)
    if not parts.get("year"):
        return None, None
    year, month = int(parts["year"]), MONTHS.get(parts.get("month") or "")
    day = int(parts.get("day") or parts.get("day2") or 0)
    if month and day > monthrange(year, month)[1]:
        return None, None
    if not month:
        since, until = date(year, 1, 1), date(year, 12, 31)
    elif not day:
        since, until = date(year, month, 1), date(year, month, monthrange(year, month)[1])
    else:
        since = until = date(year, month, day)
    relation = parts.get("relation")
    if not relation:
        return since, until
    is_exclusive = relation.startswith(_EXCLUSIVE)
    if relation.startswith(_UNTIL):
        return None, since - timedelta(days=1) if is_exclusive else until
    return until + timedelta(days=1) if is_exclusive else since, None


def _folded(question: str) -> str:
    return fold(" ".join(unicodedata.normalize("NFC", question).split()))
