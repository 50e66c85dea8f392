"""XML of any vocabulary: titles as headings, prose as paragraphs, records as tables or lines."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from ingestion.errors import CorruptDocument
from ingestion.parsing import media_types
from ingestion.parsing.archive import local_name, parse_xml
from ingestion.parsing.document import Block, ParsedDocument
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.plain import text_blocks
from ingestion.parsing.structured import records
from ingestion.parsing.text.encoding import decode
from ingestion.parsing.text.normalise import one_line
from ingestion.parsing.text.sections import first_heading, split_sections

# Names of what DocBook, TEI, JATS, DITA, RSS and their kin call a title, a paragraph, an item.
_TITLES = frozenset({"title", "head", "heading", "titre", "article-title"})
_PROSE = frozenset({"p", "para", "paragraph", "simpara", "ab", "line", "l", "quote", "abstract"})
_ITEMS = frozenset({"item", "li", "listitem", "list-item"})
_MAX_DEPTH = 100
_MAX_NAME_CHARS = 80
_MARKUP = re.compile(r"<[^<>]{0,500}>")


def parse(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read an XML file; raises UnsafeDocument if it declares entities. A damaged one is read as the
    text that stands in it."""
    data = file.read()
    try:
        root = parse_xml(data, "the file")
    except CorruptDocument:
        blocks = text_blocks(_MARKUP.sub(" ", decode(data)))
    else:
        blocks = list(_element(root, 1, 0))
    return ParsedDocument(
        media_type=media_types.XML,
        title=first_heading(blocks),
        language=None,
        unit="section",
        pages=split_sections(blocks),
    )


def _element(element: etree._Element, level: int, depth: int) -> Iterator[Block]:
    children = [child for child in element if isinstance(child.tag, str)]
    if not children or _is_prose(element, children) or depth > _MAX_DEPTH:
        yield from _text(element)
        return
    if (table := _table(children)) is not None:
        yield table
        return
    inner = level
    if (titled := _title(element)) is not None:
        yield records.heading(_words(titled), level)
        inner += 1
    yield from records.lines(_attributes(element).items())
    simple: list[tuple[str, str]] = []
    for child in children:
        if child is titled:
            continue
        if _is_simple(child):
            simple.append((local_name(child), _value(child)))
            continue
        yield from records.lines(simple)
        simple = []
        yield from _element(child, inner, depth + 1)
    yield from records.lines(simple)


def _text(element: etree._Element) -> Iterator[Block]:
    """Yield the text of an element whose children are only parts of it."""
    text, name = _words(element), local_name(element).lower()
    if not text:
        yield from records.lines([(name, _value(element))])
    elif name in _ITEMS:
        yield Block("list_item", f"- {text}", 1)
    else:
        yield Block("paragraph", text)


def _is_prose(element: etree._Element, children: list[etree._Element]) -> bool:
    """Tell whether text and elements are mixed, as in a sentence with a word in italics."""
    if local_name(element).lower() in _PROSE:
        return True
    return bool((element.text or "").strip()) or any(
        (child.tail or "").strip() for child in children
    )


def _is_simple(element: etree._Element) -> bool:
    """Tell whether an element is a name with a value, not a text of its own."""
    name = local_name(element).lower()
    return len(element) == 0 and name not in _PROSE | _ITEMS | _TITLES


def _title(element: etree._Element) -> etree._Element | None:
    for child in element:
        if local_name(child).lower() in _TITLES and _words(child):
            return child
    return None


def _table(children: list[etree._Element]) -> Block | None:
    """Return elements of one name, each of names with values, as a table."""
    if len({child.tag for child in children}) > 1:
        return None
    found: list[dict[str, str]] = []
    for child in children:
        names = [local_name(part) for part in child]
        if len(set(names)) < len(names) or not all(_is_value(part) for part in child):
            return None
        text = {"": one_line(child.text)} if child.text and child.text.strip() else {}
        found.append(_attributes(child) | text | {local_name(part): _value(part) for part in child})
    return records.table(found)


def _is_value(element: etree._Element) -> bool:
    return len(element) == 0 and local_name(element).lower() not in _PROSE


def _value(element: etree._Element) -> str:
    """Return the text of an element, or else its attributes."""
    text = _words(element)
    if text:
        return text
    return ", ".join(f"{name}={value}" for name, value in _attributes(element).items())


def _attributes(element: etree._Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in element.attrib.items():
        name = str(key).rpartition("}")[2][:_MAX_NAME_CHARS]
        if name not in ("schemaLocation", "space", "style"):
            found[name] = str(value)
    return found


def _words(element: etree._Element) -> str:
    """Return the text in an element; feeds hold HTML in it, whose tags are left out."""
    text = "".join(str(part) for part in element.itertext())
    return one_line(_MARKUP.sub(" ", text) if "<" in text else text)
