"""Spreadsheets (Office Open XML): each sheet read row by row, values as they are shown.

Sheets are streamed, so memory grows with the text and not with the XML. Hidden sheets are read too;
formulas give the value that was last computed.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from ingestion.parsing import media_types
from ingestion.parsing.archive import Archive, attribute, local_name, stream_xml
from ingestion.parsing.document import Block, ParsedDocument, ParsedPage
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.ooxml import (
    Relationship,
    child,
    children,
    descendants,
    main_part,
    package_title,
    relationships,
)
from ingestion.parsing.text.normalise import one_line
from ingestion.parsing.xlsx.drawings import drawn_blocks
from ingestion.parsing.xlsx.formats import NumberFormats
from ingestion.parsing.xlsx.grid import Merge, TextBudget, sheet_blocks, with_merges

_MAX_COLUMNS = 16_384
_RANGE = re.compile(r"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})")


def parse(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read an .xlsx file; raises CorruptDocument, EncryptedDocument or UnsafeDocument."""
    budget = TextBudget(limits.max_text_chars)
    with Archive(file, max_unpacked_bytes=limits.max_unpacked_bytes) as archive:
        main = main_part(archive, "xl/workbook.xml")
        workbook = _Workbook(archive, main)
        pages = tuple(
            ParsedPage(number, name, tuple(workbook.sheet_blocks(part, budget)))
            for number, (name, part) in enumerate(workbook.sheets(), start=1)
        )
        title = package_title(archive)
    return ParsedDocument(
        media_type=media_types.XLSX, title=title, language=None, unit="sheet", pages=pages
    )


class _Workbook:
    """A workbook's sheets with what they share: strings, number formats, the epoch of dates."""

    def __init__(self, archive: Archive, main: str) -> None:
        self._archive = archive
        self._root = archive.xml(main)
        self._links = relationships(archive, main)
        self._strings = list(_shared_strings(archive, self._links))
        styles = next((link.part for link in self._links if link.kind == "styles"), "")
        properties = child(self._root, "workbookPr")
        from_1904 = properties is not None and attribute(properties, "date1904") in ("1", "true")
        self._formats = NumberFormats.read(
            archive.xml(styles) if styles in archive else None, from_1904=from_1904
        )

    def sheets(self) -> Iterator[tuple[str, str]]:
        """Yield (name, part) of each sheet in the order of the tabs."""
        parts = {link.id: link.part for link in self._links}
        listing = child(self._root, "sheets")
        for entry in children(listing, "sheet") if listing is not None else ():
            ids = (str(value) for key, value in entry.attrib.items() if str(key).endswith("}id"))
            part = parts.get(next(ids, ""), "")
            if part in self._archive:
                yield one_line(entry.get("name") or ""), part

    def sheet_blocks(self, part: str, budget: TextBudget) -> Iterator[Block]:
        """Yield the tables and texts of a sheet, then what is drawn on it and its comments."""
        rows: list[tuple[int, dict[int, str]]] = []
        merges: list[Merge] = []
        self._read_sheet(part, budget, rows, merges)
        with_merges(rows, merges)
        yield from sheet_blocks(rows)
        yield from drawn_blocks(self._archive, part, with_figures=not rows)

    def _read_sheet(
        self,
        part: str,
        budget: TextBudget,
        rows: list[tuple[int, dict[int, str]]],
        merges: list[Merge],
    ) -> None:
        """Fill `rows` with (row number, column → text) of each row that holds something."""
        number = 0
        cells: dict[int, str] = {}
        with self._archive.open(part) as stream:
            for event, element in stream_xml(stream, part):
                name = local_name(element)
                if name == "row" and event == "start":
                    given = element.get("r") or ""
                    number = int(given) if given.isdecimal() else number + 1
                    cells = {}
                elif name == "c" and event == "end":
                    column = _column(element.get("r") or "", len(cells))
                    text = self._value(element)
                    if text and column < _MAX_COLUMNS:
                        cells[column] = text
                        budget.take(len(text))
                elif name == "row":
                    if cells:
                        rows.append((number, cells))
                    _forget(element)
                elif name == "mergeCell" and event == "end":
                    if merge := _merge(element.get("ref") or ""):
                        merges.append(merge)
                    _forget(element)

    def _value(self, cell: etree._Element) -> str:
        kind = cell.get("t") or "n"
        if kind == "inlineStr":
            return one_line(_string_text(cell))
        value = child(cell, "v")
        text = (value.text or "").strip() if value is not None else ""
        if not text:
            return ""
        if kind == "s":
            known = text.isdecimal() and int(text) < len(self._strings)
            return self._strings[int(text)] if known else ""
        if kind == "b":
            return "TRUE" if text == "1" else "FALSE"
        if kind == "n":
            style = cell.get("s") or "0"
            return self._formats.shown(text, int(style) if style.isdecimal() else 0)
        return one_line(text)


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


def _forget(element: etree._Element) -> None:
    """Free an element that has been read, and those before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _shared_strings(archive: Archive, links: list[Relationship]) -> Iterator[str]:
    for link in links:
        if link.kind != "sharedStrings" or link.part not in archive:
            continue
        with archive.open(link.part) as stream:
            for event, element in stream_xml(stream, link.part):
                if event == "end" and local_name(element) == "si":
                    yield one_line(_string_text(element))
                    _forget(element)


def _string_text(element: etree._Element) -> str:
    """Return the text of a rich string, without the phonetic guide."""
    return "".join(
        found.text or ""
        for found in descendants(element, "t")
        if local_name(found.getparent()) != "rPh"
    )
