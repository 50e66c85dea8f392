"""A passage, read once for all the sentences that cite it: its windows, terms and quantities."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from ingestion.parsing.text.language import likely_language
from retrieval.evidence.units import Kind, Unit, passage_units
from retrieval.verification.quantities.quantity import Quantity
from retrieval.verification.slots import Slot
from retrieval.verification.texts import ReadText

WINDOW_UNITS = 3
# Of a heading in a path of headings, and of an item: "2. Products" says no two.
_NUMBERING = re.compile(r"(?:^|(?<=› ))[#\s]*\d{1,2}(?:\.\d{1,2})*[.)]?\s+(?=\D)", re.MULTILINE)
_ITEM_NUMBER = re.compile(r"^\s*\d{1,2}[.)]\s+", re.MULTILINE)


@dataclass(frozen=True)
class Window:
    """The units at ``start`` to ``end`` of a passage, with their ``text`` there.

    The body of a row of a table has the names of its columns.

    ``lead`` is the sentence that introduces a list, ``heading`` what is above.
    """

    body: ReadText
    lead: ReadText
    heading: ReadText
    start: int
    end: int
    n_units: int
    text: str
    # Items of one list say one thing together.
    is_list: bool = False

    @cached_property
    def terms(self) -> frozenset[int]:
        """The terms of the window and of what introduces it."""
        return self.body.all_terms | self.lead.all_terms

    @property
    def words(self) -> tuple[str, ...]:
        """The words of what introduces the window and of the window, folded, in order."""
        return self.lead.words + self.body.words

    @cached_property
    def slots(self) -> dict[Slot, set[int]]:
        """The terms in each slot of the window and of what introduces it."""
        found: dict[Slot, set[int]] = {}
        for slot, term in (*self.body.slots, *self.lead.slots):
            found.setdefault(slot, set()).add(term)
        return found

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        """The quantities of the window and of what is above it."""
        return (*self.body.quantities, *self.lead.quantities, *self.heading.quantities)

    def has(self, quantity: Quantity) -> bool:
        """Whether the window has a quantity."""
        return any(quantity.equals(each, in_cell=self.body.is_row) for each in self.quantities)


@dataclass(frozen=True)
class ReadPassage:
    """A passage; ``context`` is the title of its document and its headings."""

    text: str
    context: str = ""

    @cached_property
    def above(self) -> ReadText:
        """What is above all of it."""
        return ReadText(_NUMBERING.sub("", self.context))

    @cached_property
    def whole(self) -> ReadText:
        """All its text with what is above."""
        return ReadText(f"{self.context}\n{self.text}")

    @cached_property
    def units(self) -> Sequence[Unit]:
        """The units of the passage."""
        return passage_units(self.text)

    @cached_property
    def list_sizes(self) -> frozenset[int]:
        """How many items its lists have, so that "three documents" may be a count of them."""
        sizes: dict[tuple[int, int], int] = {}
        for unit in self.units:
            if unit.kind in (Kind.ITEM, Kind.ROW):
                sizes[unit.block, unit.lead] = sizes.get((unit.block, unit.lead), 0) + 1
        return frozenset(sizes.values())

    @cached_property
    def row_terms(self) -> frozenset[int]:
        """The terms of all rows of its tables."""
        rows = (each for each in self.windows if each.body.is_row)
        return frozenset[int]().union(*(each.body.all_terms for each in rows))

    @cached_property
    def language(self) -> str | None:
        """The language of the passage, None when it does not tell."""
        return likely_language(self.text[:800])

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """The windows in which a sentence may be said."""
        return tuple(self._windows())

    def _windows(self) -> Iterator[Window]:
        units = [unit for unit in self.units if unit.kind not in (Kind.CONTENTS, Kind.HEADING)]
        for first, unit in enumerate(units):
            if unit.kind in (Kind.ROW, Kind.TABLE_HEADER):
                yield self._window(unit, unit, 1)
                continue
            for length, last in enumerate(units[first : first + WINDOW_UNITS], start=1):
                if last.kind in (Kind.ROW, Kind.TABLE_HEADER) or last.heading != unit.heading:
                    break
                yield self._window(unit, last, length)
        for run in self._lists(units):
            yield self._window(run[0], run[-1], 1)

    def _lists(self, units: list[Unit]) -> Iterator[list[Unit]]:
        """Yield the lists of more items than a window has units."""
        run: list[Unit] = []
        for unit in units:
            if unit.kind == Kind.ITEM and (not run or run[-1].lead == unit.lead):
                run.append(unit)
                continue
            if len(run) > WINDOW_UNITS:
                yield run
            run = [unit] if unit.kind == Kind.ITEM else []
        if len(run) > WINDOW_UNITS:
            yield run

    def _window(self, first: Unit, last: Unit, n_units: int) -> Window:
        body = _ITEM_NUMBER.sub("", self.text[first.start : last.end])
        lead = self._said(first.lead, first)
        is_row = first.kind == Kind.ROW
        if is_row:
            body, lead = with_columns(body, lead), ""
        return Window(
            ReadText(body, lead, is_row),
            ReadText(lead),
            ReadText(_NUMBERING.sub("", self._said(first.heading, first))),
            first.start,
            last.end,
            n_units,
            self.text[first.start : last.end],
            is_list=first.kind == last.kind == Kind.ITEM and first.lead == last.lead,
        )

    def _said(self, place: int, before: Unit) -> str:
        """Return the unit at a place if it is before another one."""
        if place < 0 or self.units[place].end > before.start:
            return ""
        return self.text[self.units[place].start : self.units[place].end]


def with_columns(row: str, header: str) -> str:
    """Return a row of a table, in Markdown, as "column cell; column cell"."""
    cells, columns = _cells(row), _cells(header)
    columns += [""] * (len(cells) - len(columns))
    return "; ".join(
        f"{column} {cell}".strip() for column, cell in zip(columns, cells, strict=False)
    )


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")] if row else []


@lru_cache(maxsize=256)
def read_passage(text: str, context: str = "") -> ReadPassage:
    """Return a passage with its windows; the last ones are kept."""
    return ReadPassage(text, context)
