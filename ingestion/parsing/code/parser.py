"""Source code: parts named by what they define and by their lines."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from ingestion.parsing import media_types
from ingestion.parsing.code.definitions import Definition, definitions
from ingestion.parsing.document import Block, ParsedDocument, ParsedPage
from ingestion.parsing.html.parser import clean_code
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.text.encoding import decode

# A part of fewer lines is joined with the next, one of more is cut.
_MIN_LINES, _MAX_LINES = 8, 80
_MAX_NAME_CHARS = 80


def parse(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read a program: each of its functions or classes is a section, cut where it is long."""
    lines = clean_code(decode(file.read())).split("\n")
    pages: list[ParsedPage] = []
    for start, end, name in _parts(lines):
        text = "\n".join(line.rstrip() for line in lines[start:end]).strip("\n")
        if text:
            label = f"{name} · {_span(start, end)}" if name else _span(start, end)
            pages.append(ParsedPage(len(pages) + 1, label, (Block("code", text),)))
    return ParsedDocument(
        media_type=media_types.CODE,
        title=None,
        language=None,
        unit="section",
        pages=tuple(pages),
    )


def _span(start: int, end: int) -> str:
    """Return the lines of a part as people count them."""
    return f"l. {start + 1}" if end == start + 1 else f"l. {start + 1}–{end}"


def _parts(lines: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Yield (first line, line after the last, name) of each part."""
    found = definitions(lines)
    outermost = min((item.indent for item in found), default=0)
    starts = [item for item in found if item.indent == outermost]
    if not starts or starts[0].line > 0:
        starts.insert(0, Definition(0, "", outermost))
    start, name = 0, starts[0].name
    for following in [*starts[1:], None]:
        end = following.line if following else len(lines)
        if following and end - start < _MIN_LINES:
            name = name or following.name
            continue
        yield from _cut(lines, start, end, name, found)
        start, name = end, following.name if following else ""


def _cut(
    lines: Sequence[str], start: int, end: int, name: str, found: Sequence[Definition]
) -> Iterator[tuple[int, int, str]]:
    """Yield the parts of a part: at the definitions inside it, else at blank lines."""
    inner = {item.line: item.name for item in found if start < item.line < end}
    shown = name[:_MAX_NAME_CHARS]
    while end - start > _MAX_LINES:
        window = range(start + _MAX_LINES, start + _MIN_LINES, -1)
        place = next((n for n in window if n in inner), 0) or next(
            (n for n in window if not lines[n - 1].strip()), start + _MAX_LINES
        )
        yield start, place, shown
        start = place
        if start in inner:
            shown = f"{name}.{inner[start]}"[:_MAX_NAME_CHARS] if name else inner[start]
    yield start, end, shown
