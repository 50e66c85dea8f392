"""CSV and its cousins: one table, its delimiter found out."""

import csv
import io
import re
from collections import Counter
from typing import BinaryIO

from ingestion.parsing import media_types
from ingestion.parsing.document import Block, ParsedDocument, ParsedPage
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.text.encoding import decode
from ingestion.parsing.text.normalise import one_line
from ingestion.parsing.text.tables import pipe_table

_DELIMITERS = (";", "\t", ",", "|")
_SAMPLE_LINES = 50
# The line by which Excel is told the delimiter.
_GIVEN_DELIMITER = re.compile(r"\s*sep=([;,\t|:])[;,]*\r?\n", re.I)
_MAX_FIELD_CHARS = 1_000_000
# A value that Excel shall not take for a number: ="00123".
_TEXT_FORMULA = re.compile(r'\s*="((?:[^"]|"")*)"\s*')


def parse(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read a file of delimited values as one sheet."""
    text = decode(file.read())
    # The limit is the process's: a short file must not lower it for what is read next.
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    given = _GIVEN_DELIMITER.match(text)
    if given:
        text = text[given.end() :]
    delimiter = given.group(1) if given else delimiter_of(text)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    if any(len(cell) > _MAX_FIELD_CHARS and "\n" in cell for row in rows for cell in row):
        # An unclosed quote swallows the file: quotes are then ordinary characters.
        lines = io.StringIO(text, newline="")
        rows = list(csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE))
    table = pipe_table([[one_line(_shown(cell)) for cell in row] for row in rows])
    blocks = (Block("table", table),) if table else ()
    return ParsedDocument(
        media_type=media_types.CSV,
        title=None,
        language=None,
        unit="sheet",
        pages=(ParsedPage(1, "", blocks),),
    )


def _shown(cell: str) -> str:
    """Return what a spreadsheet shows of a cell."""
    found = _TEXT_FORMULA.fullmatch(cell) if cell.lstrip().startswith("=") else None
    return found[1].replace('""', '"') if found else cell


def delimiter_of(text: str) -> str:
    """Return the delimiter that cuts most of the first lines into the same number of fields."""
    lines = [line for line in text.splitlines()[:_SAMPLE_LINES] if line.strip()]
    scores: dict[str, tuple[float, int]] = {}
    for delimiter in _DELIMITERS:
        try:
            widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
        except csv.Error:
            continue
        wide = [(count, width) for width, count in widths.items() if width > 1]
        if wide:
            count, width = max(wide)
            scores[delimiter] = (round(count / len(lines), 1), width)
    return max(scores, key=lambda found: scores[found]) if scores else ","
