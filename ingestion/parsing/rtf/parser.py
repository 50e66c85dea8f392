"""Rich Text Format: headings, lists, tables, notes, text boxes, page headers, comments."""

from typing import BinaryIO

from ingestion.parsing import media_types
from ingestion.parsing.document import ParsedDocument
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.rtf.reader import Reader
from ingestion.parsing.text.encoding import decode, detect_encoding
from ingestion.parsing.text.sections import first_heading, split_sections

_HEAD_BYTES = 1024


def parse(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read an RTF file; raises UnsafeDocument if its groups are nested without end."""
    data = file.read()
    if detect_encoding(data[:_HEAD_BYTES]).startswith("utf-16"):
        data = decode(data).encode()
    reader = Reader()
    reader.read(data)
    return ParsedDocument(
        media_type=media_types.RTF,
        title=reader.title or first_heading(reader.blocks),
        language=None,
        unit="section",
        pages=split_sections(reader.blocks),
        warnings=reader.warnings(),
    )
