"""Comments of reviewers, as Office files and those of OpenDocument keep them."""

import re

from ingestion.parsing.document import Block
from ingestion.parsing.text.normalise import one_line

_DAY = re.compile(r"\d{4}-\d\d-\d\d(?=T|$)")


def comment_text(text: str, *, author: str, written_at: str) -> str:
    """Return a comment after its author and its day ("Ana, 2026-06-18: À revoir"), or "".

    `written_at` is a time of ISO 8601 as the file has it; anything else counts as unknown.
    """
    text = one_line(text)
    day = _DAY.match(written_at)
    said_by = ", ".join(filter(None, [one_line(author), day[0] if day else ""]))
    return f"{said_by}: {text}" if said_by and text else text


def comment_blocks(text: str, *, author: str, written_at: str) -> list[Block]:
    """Return `comment_text` in brackets, as a paragraph of its own; nothing for an empty one."""
    said = comment_text(text, author=author, written_at=written_at)
    return [Block("paragraph", f"[{said}]")] if said else []
