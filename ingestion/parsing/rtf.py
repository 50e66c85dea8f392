"""Rich Text Format, by striprtf: text and table cells, without styles."""

from typing import BinaryIO

from striprtf.striprtf import rtf_to_text

from ingestion.parsing import media_types
from ingestion.parsing.document import Block, ParsedDocument
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.plain import text_blocks
from ingestion.parsing.text.sections import split_sections


def parse(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read an RTF file; one paragraph a line, as striprtf gives them."""
    source = file.read().decode("latin-1")
    text = rtf_to_text(  # type: ignore[no-untyped-call]  # striprtf has no types
        source, encoding="cp1252", errors="replace"
    )
    blocks: list[Block] = text_blocks("\n\n".join(text.split("\n")))
    return ParsedDocument(
        media_type=media_types.RTF,
        title=None,
        language=None,
        unit="section",
        pages=split_sections(blocks),
    )
