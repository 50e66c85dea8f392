"""One sheet of a workbook, read row by row, with what its author has hidden in it."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO

from lxml import etree

from ingestion.errors import CorruptDocument
from ingestion.parsing.archive import Archive, local_name, stream_xml
from ingestion.parsing.ooxml import child
from ingestion.parsing.text.normalise import one_line
from ingestion.parsing.xlsx.cell_colours import CellColours
from ingestion.parsing.xlsx.grid import Cells, Merge, TextBudget
from ingestion.parsing.xlsx.strings import CellString, forget, read_string, unescaped
from ingestion.parsing.xlsx.styles import CellStyles, iso_moment

_MAX_COLUMNS = 16_384
_NO_SIZE = re.compile(r"0(?:\.0+)?")
_RANGE = re.compile(r"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})")


@dataclass(slots=True)
class Sheet:
    """The cells of a sheet: (row number, column → text) of each row that holds something."""

    rows: list[tuple[int, Cells]] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    has_hidden_cells: bool = False
    has_invisible_cells: bool = False
    has_uncomputed_cells: bool = False
    is_damaged: bool = False


class SheetReader:
    """Reads sheets with what a workbook's cells share: strings and styles."""

    def __init__(
        self,
        strings: list[CellString],
        styles: CellStyles,
        colours: CellColours,
        budget: TextBudget,
    ) -> None:
        self._strings = strings
        self._styles = styles
        self._colours = colours
        self._budget = budget

    def read(self, archive: Archive, part: str) -> Sheet:
        """Return a sheet; of a damaged one the rows before the damage."""
        sheet = Sheet()
        try:
            with archive.open(part) as stream:
                self._read(stream_xml(stream, part), sheet)
        except CorruptDocument:
            sheet.is_damaged = True
        if sheet.is_damaged and not sheet.rows:
            with suppress(CorruptDocument):
                stream = BytesIO(archive.beginning(part))
                self._read(stream_xml(stream, part, recover=True), sheet)
        return sheet

    def _read(self, events: Iterator[tuple[str, etree._Element]], sheet: Sheet) -> None:
        number = 0
        cells: Cells = {}
        hidden_columns: list[range] = []
        for event, element in events:
            name = local_name(element)
            if name == "row" and event == "start":
                given = element.get("r") or ""
                number = int(given) if given.isdecimal() else number + 1
                cells = {}
            elif name == "c" and event == "end":
                self._cell(element, cells, sheet)
            elif name == "row":
                if cells:
                    sheet.rows.append((number, cells))
                    sheet.has_hidden_cells |= _is_hidden(element)
                forget(element)
            elif name == "col" and event == "start" and _is_hidden(element):
                hidden_columns.append(_columns(element))
            elif name == "mergeCell" and event == "end":
                if merge := _merge(element.get("ref") or ""):
                    sheet.merges.append(merge)
                forget(element)
        if hidden_columns:
            sheet.has_hidden_cells |= any(
                column in hidden
                for _, row in sheet.rows
                for column in row
                for hidden in hidden_columns
            )

    def _cell(self, element: etree._Element, cells: Cells, sheet: Sheet) -> None:
        column = _column(element.get("r") or "", len(cells))
        given = element.get("s") or "0"
        style = int(given) if given.isdecimal() else 0
        string = self._string(element)
        text = (
            self._styles.shown_text(string.text, style) if string else self._value(element, style)
        )
        if text and column < _MAX_COLUMNS:
            cells[column] = text
            self._budget.take(len(text))
            has_hidden_letters = string and self._styles.hides_letters(string.colours, style)
            if style in self._styles.invisible or has_hidden_letters:
                sheet.has_invisible_cells = True
        elif _is_uncomputed(element):
            sheet.has_uncomputed_cells = True

    def _string(self, cell: etree._Element) -> CellString | None:
        """Return the string in a cell, None if it holds something else."""
        kind = cell.get("t")
        if kind == "inlineStr":
            return read_string(child(cell, "is"), self._colours)
        number = _stored(cell) if kind == "s" else ""
        known = number.isdecimal() and int(number) < len(self._strings)
        return self._strings[int(number)] if known else None

    def _value(self, cell: etree._Element, style: int) -> str:
        kind, text = cell.get("t") or "n", _stored(cell)
        if not text or kind == "s":
            return ""
        if kind == "b":
            return "TRUE" if text in ("1", "true") else "FALSE"
        if kind == "n":
            return self._styles.shown(text, style)
        if kind == "d":
            return iso_moment(text)
        return self._styles.shown_text(one_line(unescaped(text)), style)


def _stored(cell: etree._Element) -> str:
    value = child(cell, "v")
    return (value.text or "").strip() if value is not None else ""


def _is_uncomputed(cell: etree._Element) -> bool:
    """Tell whether an empty cell has a formula whose result was not saved; that of one with a
    string may be empty."""
    return child(cell, "f") is not None and cell.get("t") != "str"


def _is_hidden(element: etree._Element) -> bool:
    """Tell whether a row or a range of columns is hidden, or has no size."""
    size = element.get("ht") or element.get("width") or ""
    return element.get("hidden") in ("1", "true") or bool(_NO_SIZE.fullmatch(size))


def _columns(element: etree._Element) -> range:
    """Return the columns, from 0, that a `col` stands for."""
    first, last = element.get("min") or "", element.get("max") or ""
    if not (first.isdecimal() and last.isdecimal()):
        return range(0)
    return range(int(first) - 1, int(last))


def _column(reference: str, default: int) -> int:
    """Return the column of "BC12", from 0."""
    number = 0
    for character in reference:
        if not ("A" <= character <= "Z"):
            break
        number = number * 26 + ord(character) - ord("A") + 1
    return number - 1 if number else default


def _merge(reference: str) -> Merge | None:
    """Return the range "A1:B3" as numbers, or None if it is none."""
    match = _RANGE.fullmatch(reference)
    if match is None:
        return None
    left, top, right, bottom = match.groups()
    return int(top), int(bottom), _column(left, 0), _column(right, 0)
