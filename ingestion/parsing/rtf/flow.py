"""A flow of RTF text (the body, a note, a text box) gathered into blocks."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from ingestion.parsing.document import Block
from ingestion.parsing.rtf.tables import Row, RowDefinition, table_grid
from ingestion.parsing.text.normalise import clean_block, one_line
from ingestion.parsing.text.tables import pipe_table

_SURROGATE = re.compile("[\ud800-\udfff]")


class ParagraphStyle(NamedTuple):
    """What `\\pard` resets: how the current paragraph is laid out."""

    style: int = 0
    outline: int | None = None
    in_table: bool = False
    list_level: int = 0
    ground: int = 0


BODY_TEXT = ParagraphStyle()


@dataclass(slots=True)
class Flow:
    """Paragraphs and tables in order."""

    blocks: list[Block] = field(default_factory=list)
    row: RowDefinition = field(default_factory=RowDefinition)
    marker: str = ""
    _parts: list[str] = field(default_factory=list)
    _attached: list[Block] = field(default_factory=list)
    _cell: list[str] = field(default_factory=list)
    _nested: list[str] = field(default_factory=list)
    _cells: list[str] = field(default_factory=list)
    _rows: list[Row] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Add text to the current paragraph."""
        self._parts.append(text)

    def attach(self, blocks: list[Block]) -> None:
        """Put blocks (a note, a text box) after the current paragraph."""
        self._attached += blocks

    def end_paragraph(self, style: ParagraphStyle, heading_level: int) -> None:
        """End the current paragraph; in a table it is a line of its cell."""
        if style.in_table or self._cells:
            self._end_line()
            return
        self._end_table()
        text, marker = clean_block(self._taken()), self._taken_marker()
        if not text and marker.strip(" -"):
            text, marker = marker, ""
        if text and heading_level:
            heading = one_line(f"{marker} {text}".strip(" -"))
            self.blocks.append(Block("heading", heading, heading_level))
        elif text and marker:
            indent = "  " * style.list_level
            self.blocks.append(Block("list_item", f"{indent}{marker} {text}", style.list_level + 1))
        elif text:
            self.blocks.append(Block("paragraph", text))
        self.blocks += self._attached
        self._attached = []

    def end_cell(self) -> None:
        """End a cell of the current row."""
        self._end_line()
        self._cells.append(one_line(" ".join(self._cell)))
        self._cell = []

    def end_nested_cell(self) -> None:
        """End a cell of a table in a cell."""
        text = one_line(self._taken())
        if text:
            self._nested.append(text)

    def end_nested_row(self) -> None:
        """End a row of a table in a cell; it is a line of that cell."""
        self._cell.append(", ".join(self._nested) + ";")
        self._nested = []

    def end_row(self) -> None:
        """End a row of the table."""
        if self._nested:
            self.end_nested_row()
        if self._parts or self._cell:
            self.end_cell()
        if self._cells:
            self._rows.append(Row(self._cells, list(self.row.edges)))
        self._cells = []

    def finish(self, style: ParagraphStyle, heading_level: int) -> list[Block]:
        """End whatever is open and return all blocks."""
        if self._cells or self._cell or self._nested:
            self.end_row()
        self._end_table()
        self.end_paragraph(ParagraphStyle(style.style, style.outline), heading_level)
        return self.blocks

    def _end_line(self) -> None:
        """Move the current paragraph into the current cell, with what is attached to it."""
        texts = [self._taken_marker(), self._taken(), *(block.text for block in self._attached)]
        self._attached = []
        self._cell += [text for text in texts if text]

    def _end_table(self) -> None:
        rows, self._rows = self._rows, []
        table = pipe_table(table_grid(rows))
        if table:
            self.blocks.append(Block("table", table))

    def _taken(self) -> str:
        text, self._parts = joined_surrogates("".join(self._parts)), []
        return text

    def _taken_marker(self) -> str:
        """Return "-" for a bullet, "3." for a number, "" for no list item."""
        marker, self.marker = self.marker, ""
        if not marker:
            return ""
        text = one_line(joined_surrogates(marker))
        return text if any(character.isalnum() for character in text) else "-"


def joined_surrogates(text: str) -> str:
    """Return `text` with the halves of characters beyond U+FFFF put together."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
