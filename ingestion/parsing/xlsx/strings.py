"""The strings of a workbook: shared ones, runs in symbol fonts, escaped characters."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from ingestion.errors import CorruptDocument
from ingestion.parsing.archive import Archive, attribute, local_name, stream_xml
from ingestion.parsing.ooxml import child, children, descendants
from ingestion.parsing.text.normalise import one_line
from ingestion.parsing.text.symbol_fonts import symbol_text
from ingestion.parsing.text.visibility import Colour
from ingestion.parsing.xlsx.cell_colours import CellColours

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NO_COLOURS: frozenset[Colour] = frozenset()
_ESCAPES = re.compile(f"(?:{_ESCAPE.pattern})+")


def unescaped(text: str) -> str:
    """Return `text` with the characters that XML cannot hold and a workbook writes as "_x000D_"
    (ECMA-376-1, 22.9.2.19); "_x005F_" is an underscore."""
    return _ESCAPES.sub(_characters, text) if "_x" in text else text


def _characters(match: re.Match[str]) -> str:
    """Return the characters of escapes in a row: a pair may make one character."""
    codes = "".join(_ESCAPE.findall(match.group()))
    return bytes.fromhex(codes).decode("utf-16-be", "replace")


@dataclass(frozen=True, slots=True)
class CellString:
    """A string on one line, and the colours that some of its letters have in any cell."""

    text: str
    colours: frozenset[Colour] = frozenset()


def read_string(element: etree._Element | None, colours: CellColours) -> CellString:
    """Return a string, empty if there is none, without its phonetic guide."""
    if element is None:
        return CellString("")
    own = (
        colours.of(child(run, "rPr", "color"))
        for run in children(element, "r")
        if any((item.text or "").strip() for item in children(run, "t"))
    )
    found = frozenset(colour for colour in own if colour is not None)
    return CellString(one_line("".join(_runs(element))), found or _NO_COLOURS)


def _runs(element: etree._Element) -> Iterator[str]:
    for item in descendants(element, "t"):
        parent = item.getparent()
        if parent is None or local_name(parent) == "rPh":
            continue
        text = unescaped(item.text or "")
        font = child(parent, "rPr", "rFont")
        yield text if font is None else symbol_text(text, attribute(font, "val") or "")


def shared_strings(archive: Archive, part: str, colours: CellColours) -> list[CellString]:
    """Return the strings that cells name by number; those before the damage of a damaged part."""
    strings: list[CellString] = []
    try:
        with archive.open(part) as stream:
            for event, element in stream_xml(stream, part):
                if event == "end" and local_name(element) == "si":
                    strings.append(read_string(element, colours))
                    forget(element)
    except CorruptDocument:
        archive.note_damage(part)
    return strings


def forget(element: etree._Element) -> None:
    """Free an element that has been read, and those before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
