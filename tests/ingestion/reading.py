"""Short ways to parse a file in a test."""

from pathlib import Path
from typing import Any

from ingestion.parsing.document import Block, ParsedDocument, page_text
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.registry import parse
from ingestion.sandbox import ParsedFile, parse_in_child


def read(path: Path, limits: ParseLimits | None = None) -> ParsedDocument:
    """Parse a file in this process."""
    with path.open("rb") as file:
        return parse(file, name=path.name, limits=limits or ParseLimits())


def read_in_child(path: Path, **options: Any) -> ParsedFile:
    """Parse and chunk a file in a child process."""
    defaults: dict[str, Any] = {"name": path.name, "tokenizer_path": None, "chunk_tokens": 256}
    with path.open("rb") as file:
        return parse_in_child(file, **defaults | options)


def blocks_of(document: ParsedDocument) -> list[Block]:
    """Return the blocks of all pages."""
    return [block for page in document.pages for block in page.blocks]


def outline_of(document: ParsedDocument) -> list[tuple[str, str]]:
    """Return (kind with level, text) of all blocks."""
    return [
        (f"{block.kind}{block.level}" if block.kind == "heading" else block.kind, block.text)
        for block in blocks_of(document)
    ]


def text_of(document: ParsedDocument) -> str:
    """Return the text of all pages."""
    return "\n".join(page_text(page) for page in document.pages)
