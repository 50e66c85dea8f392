"""Answers without an LLM: the best sentences of the best passages, verbatim and cited.

Each sentence scores by the question's terms that it contains, rarer ones counting more, and by
the rank of its passage. This takes some milliseconds of processor time, and no generation.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from chat.answers.quotes import units
from ingestion.indexing.lexical import analyse
from retrieval.search import RetrievedChunk

MAX_EXTRACTS = 3
_MAX_EXTRACT_CHARS = 700
# Measured on 600 questions each of piaf_fr and xquad_en: the extract of the right passage holds the
# answer for 66, 74, 77 % (81, 87, 88 %) with at most 1, 2, 3 sentences.
_MAX_SENTENCES = 3
# An extract is shown when it scores at least this share of the best one.
_WORTH_SHOWING = 0.6
# Each rank that a passage loses costs its sentences this much.
_RANK_DECAY = 0.85
_LENGTH_COST = 0.5
# Characters of a quote that Markdown would take for its own.
_MARKDOWN = re.compile(r"[\\`*<>$#~]")
# "[1]" in a passage is no citation of ours: an invisible joiner (U+2060) keeps it from being taken
# for one. Both are entities, for "\[" would begin a formula.
_BRACKET = "&#91;&#8288;"


@dataclass(frozen=True, slots=True)
class Extract:
    """Words of passage ``number``, verbatim."""

    number: int
    quote: str


@dataclass(frozen=True, slots=True)
class _Scored:
    score: float
    quote: str


def extracts(question: str, chunks: Sequence[RetrievedChunk]) -> list[Extract]:
    """Return the best extracts of ``chunks`` (best first), at most one a passage, best first."""
    rarity = _rarity(set(analyse(question)), chunks)
    scored: list[tuple[float, Extract]] = []
    for rank, chunk in enumerate(chunks):
        best = _best(chunk.text, list(units(chunk.text)), rarity)
        scored.append((best.score * _RANK_DECAY**rank, Extract(rank + 1, best.quote)))
    scored.sort(key=lambda pair: (-pair[0], pair[1].number))
    top = scored[0][0] if scored else 0.0
    return [extract for score, extract in scored[:MAX_EXTRACTS] if score >= _WORTH_SHOWING * top]


def as_markdown(found: Sequence[Extract]) -> str:
    """Return the extracts as an answer: block quotes, each followed by its citation."""
    return "\n\n".join(_block(extract) for extract in found)


def escape_markdown(text: str) -> str:
    """Return Markdown that shows ``text`` as it is, without citation marks of its own."""
    return _MARKDOWN.sub(r"\\\g<0>", text).replace("[", _BRACKET)


def _best(passage: str, spans: Sequence[tuple[int, int]], rarity: dict[int, float]) -> _Scored:
    """Return the consecutive sentences of a passage with the best score."""
    best = _Scored(0.0, passage[: spans[0][1]] if spans else passage)
    for i in range(len(spans)):
        for j in range(i, min(i + _MAX_SENTENCES, len(spans))):
            if j > i and spans[j][1] - spans[i][0] > _MAX_EXTRACT_CHARS:
                break
            quote = passage[spans[i][0] : spans[j][1]]
            terms = set(analyse(quote)) & rarity.keys()
            # A further sentence must add terms: it costs half the weight of a common term.
            score = sum(rarity[term] for term in terms) - _LENGTH_COST * (j - i)
            if score > best.score:
                best = _Scored(score, quote)
    return best


def _rarity(terms: set[int], chunks: Sequence[RetrievedChunk]) -> dict[int, float]:
    """Return the weight of each term: higher when fewer of the passages contain it."""
    containing = Counter(term for chunk in chunks for term in terms & set(analyse(chunk.text)))
    return {term: 1 + math.log((1 + len(chunks)) / (1 + containing[term])) for term in terms}


def _block(extract: Extract) -> str:
    """Return one extract in Markdown; the cells of a table row are joined by middle dots."""
    if extract.quote.startswith("|"):
        cells = [cell.strip() for cell in extract.quote.strip("| ").split("|")]
        quote = " · ".join(cell for cell in cells if cell)
    else:
        quote = extract.quote
    return "> " + "\n> ".join(f"{escape_markdown(quote)} [{extract.number}]".splitlines())
