"""Spreadsheets (Office Open XML): each sheet read row by row, values as they are shown.

Sheets are streamed, so memory grows with the text and not with the XML. Hidden sheets, rows and
columns are read too, and named in a warning; formulas give the value that was last computed.
"""

import posixpath
from collections.abc import Iterator
from typing import BinaryIO

from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.parsing import media_types
from ingestion.parsing.archive import Archive, attribute
from ingestion.parsing.document import ParsedDocument, ParsedPage
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.office.flat import open_package
from ingestion.parsing.ooxml import (
    child,
    children,
    main_part,
    numbered_parts,
    package_origin,
    package_title,
    relationships,
)
from ingestion.parsing.text.normalise import one_line
from ingestion.parsing.xlsx.cell_colours import CellColours
from ingestion.parsing.xlsx.drawings import Drawings
from ingestion.parsing.xlsx.grid import TextBudget, sheet_blocks, with_merges
from ingestion.parsing.xlsx.sheet import SheetReader
from ingestion.parsing.xlsx.strings import shared_strings, unescaped
from ingestion.parsing.xlsx.styles import CellStyles


def parse(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read an .xlsx file; raises CorruptDocument, EncryptedDocument or UnsafeDocument."""
    with open_package(file, limits) as archive:
        main = main_part(archive, "xl/workbook.xml")
        workbook = _Workbook(archive, main, TextBudget(limits.max_text_chars))
        pages = tuple(
            workbook.page(name, part, number)
            for number, (name, part) in enumerate(workbook.sheets(), start=1)
        )
        title = package_title(archive)
        origin = package_origin(archive)
        warnings = (*workbook.warnings, *archive.warnings())
    return ParsedDocument(
        media_type=media_types.XLSX,
        title=title,
        language=None,
        unit="sheet",
        pages=pages,
        warnings=warnings,
        origin=origin,
    )


class _Workbook:
    """A workbook's sheets with what they share: strings, cell styles, the epoch of dates."""

    def __init__(self, archive: Archive, main: str, budget: TextBudget) -> None:
        self.warnings: list[ParseWarning] = []
        self._archive = archive
        self._folder = posixpath.dirname(main)
        self._root = archive.main_xml(main)
        self._links = relationships(archive, main)
        persons = archive.find_xml(self._part("person"))
        self._persons = {
            person.get("id") or "": person.get("displayName") or ""
            for person in (persons if persons is not None else ())
        }
        strings = self._part("sharedStrings")
        properties = child(self._root, "workbookPr")
        from_1904 = properties is not None and attribute(properties, "date1904") in ("1", "true")
        colours = CellColours(archive.find_xml(self._part("theme")))
        styles = archive.find_xml(self._part("styles"))
        self._reader = SheetReader(
            shared_strings(archive, strings, colours) if strings in archive else [],
            CellStyles.read(styles, colours, from_1904=from_1904),
            colours,
            budget,
        )

    def _part(self, kind: str) -> str:
        return next((link.part for link in self._links if link.kind == kind), "")

    def sheets(self) -> Iterator[tuple[str, str]]:
        """Yield (name, part) of each sheet in the order of the tabs."""
        parts = {link.id: link.part for link in self._links}
        listing = child(self._root, "sheets")
        if listing is None or not parts:  # lost to damage, of which the sheets may know nothing
            names = numbered_parts(self._archive, f"{self._folder}/worksheets/sheet")
            yield from (("", name) for name in names)
            return
        for entry in children(listing, "sheet"):
            ids = (str(value) for key, value in entry.attrib.items() if str(key).endswith("}id"))
            name = one_line(unescaped(entry.get("name") or ""))
            if entry.get("state") in ("hidden", "veryHidden"):
                self.warnings.append(ParseWarning(WarningCode.HIDDEN_SHEETS, (name,)))
            yield name, parts.get(next(ids, ""), "")

    def page(self, name: str, part: str, number: int) -> ParsedPage:
        """Return the tables and texts of a sheet, then what is drawn on it and its comments."""
        if part not in self._archive:
            self._archive.note_damage(name)
            return ParsedPage(number, name, ())
        sheet = self._reader.read(self._archive, part)
        with_merges(sheet.rows, sheet.merges)
        drawings = Drawings(self._archive, part, self._persons)
        blocks = [*sheet_blocks(sheet.rows), *drawings.blocks(with_figures=not sheet.rows)]
        if sheet.is_damaged:
            self._archive.note_damage(name or part)
        if sheet.has_hidden_cells:
            self.warnings.append(ParseWarning(WarningCode.HIDDEN_CELLS, (name,)))
        if sheet.has_uncomputed_cells:
            self.warnings.append(ParseWarning(WarningCode.UNCOMPUTED_FORMULAS, (name,)))
        if sheet.has_invisible_cells and not drawings.has_tables:
            self.warnings.append(ParseWarning(WarningCode.INVISIBLE_TEXT, (name,)))
        self.warnings += drawings.warnings()
        return ParsedPage(number, name, tuple(blocks))
