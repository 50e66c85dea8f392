"""Walks the XML of an OpenDocument body and gathers blocks."""

from lxml import etree

from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.document import Block
from ingestion.parsing.odf.numbering import Counts
from ingestion.parsing.odf.styles import OdfResources
from ingestion.parsing.odf.tables import read_cells, table_grid, table_rows
from ingestion.parsing.odf.text import SKIPPED, paragraph_text
from ingestion.parsing.ooxml import children, descendants
from ingestion.parsing.text.comments import comment_blocks
from ingestion.parsing.text.normalise import clean_block, one_line
from ingestion.parsing.text.tables import pipe_table
from ingestion.parsing.xlsx.grid import TextBudget, sheet_blocks, with_merges

_REPEATED_ON_SLIDES = frozenset({"date-time", "header", "footer", "page-number"})


class OdfReader:
    """Gathers blocks in `pages`, which soft page breaks part."""

    def __init__(self, resources: OdfResources, budget: TextBudget) -> None:
        self.pages: list[list[Block]] = [[]]
        self._outlines = resources.outlines
        self._numbers = resources.numbers
        self._forms = resources.forms
        self._objects = dict(resources.objects)
        self._budget = budget
        self._notes = 0
        self.has_hidden_cells = False
        self.has_uncomputed_cells = False

    def walk(self, element: etree._Element, depth: int = 0) -> None:
        """Gather the blocks inside `element`; `depth` counts the lists around it."""
        for item in element:
            name = local_name(item)
            if name in SKIPPED:
                continue
            if name in ("p", "h"):
                self._paragraph(item, name, depth)
            elif name == "list":
                style = attribute(item, "style-name") or ""
                self._list(item, depth, style, self._numbers.begin(item, style))
            elif name == "table":
                self._table(item)
            elif name == "soft-page-break":
                self.pages.append([])
            elif name == "annotation":
                self._annotation(item)
            elif name == "object":
                self._object(item)
            elif name == "control":
                self._control(item)
            elif name == "frame" and attribute(item, "class") == "title":
                self._title(item)
            elif attribute(item, "class") not in _REPEATED_ON_SLIDES:
                self.walk(item, depth)

    def sheet(self, table: etree._Element) -> None:
        """Gather the blocks of a spreadsheet's table, then what is drawn on it."""
        cells = read_cells(table, self._budget)
        with_merges(cells.rows, cells.merges)
        self.has_hidden_cells = cells.are_partly_hidden
        self.has_uncomputed_cells = cells.are_partly_uncomputed
        for block in sheet_blocks(cells.rows):
            self._add(block)
        for item in descendants(table, "annotation"):
            self._annotation(item)
        for item in children(table, "shapes"):
            self.walk(item)

    def _add(self, block: Block) -> None:
        self._budget.take(len(block.text))
        self.pages[-1].append(block)

    def _title(self, frame: etree._Element) -> None:
        text = one_line(" ".join(paragraph_text(item)[0] for item in descendants(frame, "p", "h")))
        if text:
            self._add(Block("heading", text, 1))

    def _paragraph(self, element: etree._Element, name: str, depth: int, marker: str = "-") -> None:
        raw, hanging = paragraph_text(element)
        level = self._heading_level(element, name)
        for number, piece in enumerate(raw.split("\f")):
            if number:
                self.pages.append([])
            text = clean_block(piece)
            if not text:
                continue
            if level:
                own = marker if depth else self._numbers.heading(element, level)
                lead = "" if number or own.strip() in ("", "-") else f"{own} "
                self._add(Block("heading", one_line(f"{lead}{text}"), level))
            elif depth:
                lead = "" if number else f"{'  ' * (depth - 1)}{marker} "
                self._add(Block("list_item", f"{lead}{text}", depth))
            else:
                self._add(Block("paragraph", text))
        for item in hanging:
            if local_name(item) == "note":
                self._note(item)
            elif local_name(item) == "annotation":
                self._annotation(item)
            elif local_name(item) == "control":
                self._control(item)
            else:
                self.walk(item)

    def _control(self, element: etree._Element) -> None:
        """Gather what was filled in a field of a form."""
        if text := self._forms.get(attribute(element, "control") or ""):
            self._add(Block("paragraph", text))

    def _heading_level(self, element: etree._Element, name: str) -> int:
        if name == "h":
            level = attribute(element, "outline-level") or "1"
            return int(level) if level.isdecimal() else 1
        return self._outlines.get(attribute(element, "style-name") or "", 0)

    def _object(self, element: etree._Element) -> None:
        """Gather the tables of an embedded chart or sheet, once."""
        name = (attribute(element, "href") or "").removeprefix("./")
        content = self._objects.pop(name, None)
        for table in descendants(content, "table") if content is not None else ():
            self._table(table)

    def _list(self, element: etree._Element, depth: int, style: str, counts: Counts) -> None:
        """Gather a list, whose style may be that of the list around it, and whose items go on with
        `counts`."""
        for item in element:
            if local_name(item) == "list-item":
                marker = self._numbers.marker(item, style, depth + 1, counts)
                self._item(item, depth + 1, marker, style, counts)
            elif local_name(item) == "list-header":
                self._item(item, depth + 1, "", style, counts)

    def _item(
        self, item: etree._Element, depth: int, marker: str, style: str, counts: Counts
    ) -> None:
        for part in item:
            name = local_name(part)
            if name == "list":
                for deeper in [level for level in counts if level > depth]:
                    del counts[deeper]
                self._list(part, depth, attribute(part, "style-name") or style, counts)
            elif name in ("p", "h"):
                self._paragraph(part, name, depth, marker)
                marker = " " * len(marker)

    def _note(self, note: etree._Element) -> None:
        for body in children(note, "note-body"):
            text = one_line(
                " ".join(paragraph_text(item)[0] for item in descendants(body, "p", "h"))
            )
            if text:
                self._notes += 1
                self._add(Block("paragraph", f"Note {self._notes} : {text}"))

    def _annotation(self, annotation: etree._Element) -> None:
        texts = [paragraph_text(item)[0] for item in descendants(annotation, "p")]
        author, written_at = (
            " ".join(item.text or "" for item in children(annotation, name))
            for name in ("creator", "date")
        )
        for block in comment_blocks(" ".join(texts), author=author, written_at=written_at):
            self._add(block)

    def _table(self, table: etree._Element) -> None:
        cells = [cell for row in table_rows(table) for cell in children(row, "table-cell")]
        if len(cells) == 1:  # a frame around text
            self.walk(cells[0])
            return
        text = pipe_table(table_grid(table))
        if text:
            self._add(Block("table", text))
