"""Markdown, read as the HTML that it stands for."""

import re
from typing import BinaryIO

from markdown_it import MarkdownIt

from ingestion.parsing import media_types
from ingestion.parsing.document import ParsedDocument
from ingestion.parsing.html.parser import HtmlText, html_root, html_text
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.text.data_uris import without_data_uris
from ingestion.parsing.text.encoding import decode
from ingestion.parsing.text.sections import first_heading, split_sections

_FRONT_MATTER = re.compile(r"\A(?:---\n.*?\n(?:---|\.\.\.)|\+\+\+\n.*?\n\+\+\+)\n", re.S)
_FRONT_TITLE = re.compile(r"^title\s*[:=]\s*[\"']?(.+?)[\"']?\s*$", re.M)
# CommonMark takes a note of one word for a link, and shows neither.
_NOTE = re.compile(r"^( {0,3}\[\^[^\]\n]+\]):", re.M)
_RENDERER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# What a link or image that held its file points to instead: its text stays.
_NOWHERE = "#"


def parse(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read a Markdown file; front matter gives the title and is not text."""
    text = without_data_uris(decode(file.read()).replace("\r\n", "\n"), _NOWHERE)
    title = None
    front = _FRONT_MATTER.match(text)
    if front:
        named = _FRONT_TITLE.search(front.group())
        title = named.group(1) if named else None
        text = text[front.end() :]
    found = markdown_text(text)
    return ParsedDocument(
        media_type=media_types.MARKDOWN,
        title=title or first_heading(found.blocks),
        language=None,
        unit="section",
        pages=split_sections(found.blocks),
        warnings=found.warnings,
    )


def markdown_text(text: str) -> HtmlText:
    """Return the blocks of a Markdown text."""
    if not text.strip():
        return HtmlText([])
    rendered = _RENDERER.render(_NOTE.sub(r"\1\:", text))
    return html_text(html_root(f"<body>{rendered}</body>"))
