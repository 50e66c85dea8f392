"""What the stages of parsing hand to one another: documents, pages, blocks, passages.

Offsets are counted in characters of `page_text(page)`, which is what a reader is shown.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from ingestion.parse_warnings import ParseWarning

BlockKind = Literal["heading", "paragraph", "list_item", "table", "code", "caption"]
Unit = Literal["page", "slide", "sheet", "section", "message"]

BLOCK_KINDS: frozenset[str] = frozenset(get_args(BlockKind))
UNITS: frozenset[str] = frozenset(get_args(Unit))


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of structure. `level` counts for headings (1 is the highest) and list items (1 is
    the outermost); a table's text is one row a line, in Markdown pipes when it has columns."""

    kind: BlockKind
    text: str
    level: int = 0


@dataclass(frozen=True, slots=True)
class ParsedPage:
    """A page, slide, sheet or section, counted from 1; `label` is its name if it has one.

    `ocr_confidence` is that of the words which OCR read, in percent; None: the file has the text.
    """

    number: int
    label: str
    blocks: tuple[Block, ...]
    ocr_confidence: int | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """The author and the date of a file; None where it does not say."""

    author: str | None = None
    dated: date | None = None


NO_ORIGIN = Origin()


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """All the text of a file, in reading order. `language` is an ISO 639-1 code or None.

    `scanned` are the numbers of pages whose text only OCR can read, and has not read. Of a file
    that only holds other files, the pages are a cover.
    """

    media_type: str
    title: str | None
    language: str | None
    unit: Unit
    pages: tuple[ParsedPage, ...]
    warnings: tuple[ParseWarning, ...] = ()
    origin: Origin = NO_ORIGIN
    scanned: tuple[int, ...] = ()
    is_cover: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of document small enough to be embedded.

    `heading` is the path of titles above it ("A › B"). `char_start` is an offset in the text of
    `page_start`, `char_end` (exclusive) in the text of `page_end`. `token_count` counts the tokens
    of `text` for the embedding model, without heading, prefix and special tokens.
    """

    position: int
    text: str
    heading: str
    page_start: int
    page_end: int
    char_start: int
    char_end: int
    token_count: int


def block_separator(before: Block, after: Block) -> str:
    """Return what stands between two blocks in the text of a page."""
    return "\n" if before.kind == after.kind == "list_item" else "\n\n"


def page_text(page: ParsedPage) -> str:
    """Return the text of a page: its blocks joined in order, deterministically."""
    parts: list[str] = []
    for i, block in enumerate(page.blocks):
        if i:
            parts.append(block_separator(page.blocks[i - 1], block))
        parts.append(block.text)
    return "".join(parts)


def block_starts(page: ParsedPage) -> list[int]:
    """Return the offset of each block in `page_text(page)`."""
    starts: list[int] = []
    offset = 0
    for i, block in enumerate(page.blocks):
        if i:
            offset += len(block_separator(page.blocks[i - 1], block))
        starts.append(offset)
        offset += len(block.text)
    return starts
