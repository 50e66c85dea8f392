"""Answers without an LLM: the sentences of the best passages that answer, verbatim and cited.

``chat.answers.quoting.extracts`` finds the part of each passage. The best one is shown at length,
others in a sentence if they are nearly as good. Passages that say the same (versions of a document,
a copy of it) are shown once, with the names of the other documents. This takes some milliseconds.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from django.utils.translation import gettext as _

from chat.answers.quoting.extracts import Extraction, extract_answer
from chat.answers.quoting.markdown import escape_markdown
from ingestion.indexing.lexical import analyse
from ingestion.parsing.text.tables import split_row
from ingestion.places import place_of
from retrieval.evidence.questions import AnswerKind, AskedQuestion, read_question
from retrieval.search import RetrievedChunk

MAX_EXTRACTS = 3
# The minimum score of an extract, as a share of the best one's.
_WORTH_SHOWING = 0.75
# The factor for each further rank of the passage.
_RANK_DECAY = 0.9
_OTHERS_UNITS, _OTHERS_WORDS = 1, 50
# Two extracts say the same if they share this part of all their words.
_SAME_SHARE = 0.8
_ITEM = re.compile(r"\s*(?:[-–—•‣▪◦*·➢✓]|(?P<number>\d{1,2}\.))\s+")
# What stands for left out words.
_GAP = " […] "


@dataclass(frozen=True, slots=True)
class Extract:
    """Words of passage ``number``, verbatim: ``quotes`` in their order, with a gap between two.

    ``header`` is that of the table of which the quotes are rows, "" otherwise. ``also_in`` are the
    numbers of the passages that say the same.
    """

    number: int
    quotes: tuple[str, ...]
    header: str = ""
    also_in: tuple[int, ...] = ()

    @property
    def quote(self) -> str:
        """All the words."""
        return _GAP.join(self.quotes)


def extracts(question: str, chunks: Sequence[RetrievedChunk]) -> list[Extract]:
    """Return the best extracts of ``chunks`` (best first), at most one a passage, best first."""
    asked = read_question(question)
    found = [(chunk, extract_answer(asked, chunk.text)) for chunk in chunks]
    ranked = sorted(
        range(len(found)), key=lambda rank: (-(_RANK_DECAY**rank) * found[rank][1].score, rank)
    )
    chosen: list[Extract] = []
    top = 0.0
    for rank in ranked:
        chunk, extraction = found[rank]
        score = _RANK_DECAY**rank * extraction.score
        top = top or score
        if chosen and score < _WORTH_SHOWING * top:
            break
        if chosen:
            extraction = _brief(asked, chunk)
        extract = _as_extract(rank + 1, chunk.text, extraction)
        same = next((i for i, other in enumerate(chosen) if _say_the_same(extract, other)), None)
        if same is not None:
            chosen[same] = replace(chosen[same], also_in=(*chosen[same].also_in, rank + 1))
        elif len(chosen) < MAX_EXTRACTS:
            chosen.append(extract)
    return chosen


def answer_with_extracts(
    question: str, chunks: Sequence[RetrievedChunk]
) -> tuple[str, tuple[RetrievedChunk, ...]]:
    """Return the answer in Markdown, and the chunks in the order in which it cites them.

    Each extract is a block quote with its citation, followed by its document and place.
    """
    found = extracts(question, chunks)
    cited = [extract.number - 1 for extract in found]
    others = [place for place in range(len(chunks)) if place not in cited]
    ordered = tuple(chunks[place] for place in [*cited, *others])
    blocks = [_block(extract, number, chunks) for number, extract in enumerate(found, start=1)]
    return "\n\n".join(blocks), ordered


def _brief(asked: AskedQuestion, chunk: RetrievedChunk) -> Extraction:
    """Return the one unit of a further passage that answers best."""
    if asked.kind == AnswerKind.LIST:
        return extract_answer(asked, chunk.text)
    return extract_answer(asked, chunk.text, max_units=_OTHERS_UNITS, max_words=_OTHERS_WORDS)


def _as_extract(number: int, text: str, extraction: Extraction) -> Extract:
    header = extraction.header
    return Extract(
        number=number,
        quotes=tuple(extraction.quotes(text)),
        header=text[header[0] : header[1]] if header else "",
    )


def _say_the_same(one: Extract, other: Extract) -> bool:
    """Whether the words of ``one`` are nearly all among those of ``other``, numbers included."""
    said, before = set(analyse(one.quote)), set(analyse(other.quote))
    return (
        bool(said)
        and len(said & before) >= _SAME_SHARE * len(said)
        and not _numbers_differ(one.quote, other.quote)
    )


def _numbers_differ(said: str, before: str) -> bool:
    """Whether ``said`` has a number that ``before`` has not: another amount, another date."""
    numbers = {word for word in said.split() if any(char.isdigit() for char in word)}
    return any(number not in before for number in numbers)


def _block(extract: Extract, number: int, chunks: Sequence[RetrievedChunk]) -> str:
    """Return one extract in Markdown, with its source and those that say the same."""
    chunk = chunks[extract.number - 1]
    gap = "\n\n" if extract.header else _GAP
    shown = gap.join(_markdown(quote, split_row(extract.header)) for quote in extract.quotes)
    source = [escape_markdown(f"{chunk.display_title}, {place_of(chunk)}")]
    titles = dict.fromkeys(chunk.titles_of_copies)
    for other in (chunks[place - 1] for place in extract.also_in):
        if other.document_id != chunk.document_id:
            titles |= dict.fromkeys([other.display_title, *other.titles_of_copies])
    if titles:
        also = _("Also in: %(titles)s") % {"titles": " · ".join(titles)}
        source += ["", escape_markdown(also)]
    lines = [*f"{shown} [{number}]".splitlines(), "", *source]
    return "\n".join(f"> {line}".rstrip() for line in lines)


def _markdown(quote: str, columns: Sequence[str]) -> str:
    """Return a quote in Markdown: a table row as its cells, with the names of their columns."""
    if not quote.startswith("|"):
        return "\n".join(_line(line) for line in quote.splitlines())
    first, *others = split_row(quote)
    named = zip_longest(columns[1:], others, fillvalue="")
    cells = [
        _("%(name)s: %(value)s") % {"name": name, "value": cell} if name else cell
        for name, cell in named
        if cell
    ]
    return escape_markdown(" · ".join(filter(None, [first, *cells])))


def _line(line: str) -> str:
    """Return a line in Markdown; list items stay items."""
    item = _ITEM.match(line)
    if item is None:
        return escape_markdown(line)
    return f"{item['number'] or '-'} {escape_markdown(line[item.end() :])}"
