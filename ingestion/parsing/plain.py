"""Plain text: paragraphs between blank lines, list items, headings underlined or numbered."""

import json
import re
from typing import BinaryIO

from ingestion.parsing import media_types
from ingestion.parsing.document import Block, ParsedDocument
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.text.data_uris import without_data_uris
from ingestion.parsing.text.encoding import decode
from ingestion.parsing.text.normalise import clean_text
from ingestion.parsing.text.sections import first_heading, split_sections

_BLANK = re.compile(r"\n[ \t]*\n+")
_BULLET = re.compile(r"^\s*(?:[-*•‣◦–]|\d{1,3}[.)])\s+\S")
_UNDERLINE = re.compile(r"^(?:={3,}|-{3,}|~{3,})$")
_MAX_HEADING_CHARS = 120
# What programs write for terminals: colours, and letters that are struck over.
_TERMINAL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[^\n]\x08")
_JSON_ESCAPES = re.compile(r"(?<!\\)(?:\\u[0-9a-fA-F]{4})+")


def parse(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read a text file, whatever its encoding."""
    blocks = text_blocks(_unescaped(_TERMINAL.sub("", decode(file.read()))))
    return ParsedDocument(
        media_type=media_types.TEXT,
        title=first_heading(blocks),
        language=None,
        unit="section",
        pages=split_sections(blocks),
    )


def _unescaped(text: str) -> str:
    """Return JSON with the characters that its escapes stand for, other text as it is."""
    if not text.lstrip().startswith(("{", "[")) or "\\u" not in text:
        return text
    return _JSON_ESCAPES.sub(lambda match: str(json.loads(f'"{match.group()}"')), text)


def text_blocks(text: str) -> list[Block]:
    """Return the blocks of a plain text."""
    blocks: list[Block] = []
    for part in _BLANK.split(clean_text(without_data_uris(text))):
        lines = [line.rstrip() for line in part.split("\n") if line.strip()]
        if not lines:
            continue
        if (
            len(lines) >= 2
            and _UNDERLINE.match(lines[1].strip())
            and len(lines[0]) <= _MAX_HEADING_CHARS
        ):
            level = 1 if lines[1].lstrip().startswith("=") else 2
            blocks.append(Block("heading", lines[0].strip(), level))
            lines = lines[2:]
        blocks.extend(_body(lines))
    return blocks


def _body(lines: list[str]) -> list[Block]:
    """Return paragraphs and list items; line breaks inside a paragraph are kept, since plain text
    uses them for addresses, verse and aligned columns."""
    blocks: list[Block] = []
    current: list[str] = []
    for line in lines:
        if _BULLET.match(line) and current:
            blocks.append(_block(current))
            current = []
        current.append(line.strip())
    if current:
        blocks.append(_block(current))
    return blocks


def _block(lines: list[str]) -> Block:
    text = "\n".join(lines)
    return Block("list_item" if _BULLET.match(lines[0]) else "paragraph", text)
