"""HTML: blocks in document order; what is not shown to readers is left out.

Markdown, EPUB and mail come through here too, once they are HTML.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import BinaryIO

import lxml.html
from lxml import etree

from ingestion.errors import EmptyDocument
from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.parsing import media_types
from ingestion.parsing.document import Block, BlockKind, ParsedDocument
from ingestion.parsing.html.hidden import HiddenElements
from ingestion.parsing.html.letters import show_letters
from ingestion.parsing.html.markers import item_marker
from ingestion.parsing.html.replaced import show_replaced
from ingestion.parsing.html.rules import StyleRules
from ingestion.parsing.html.sheets import Declarations
from ingestion.parsing.html.tables import table_rows
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.text.charset_labels import codec_of
from ingestion.parsing.text.data_uris import without_data_uris
from ingestion.parsing.text.encoding import decode
from ingestion.parsing.text.normalise import clean_block, clean_text, one_line
from ingestion.parsing.text.sections import first_heading, split_sections
from ingestion.parsing.text.tables import pipe_table

_IGNORED = frozenset(
    ["script", "style", "noscript", "head", "iframe", "object", "embed", "audio", "video",
     "canvas", "datalist"]
)  # fmt: skip
_BLOCK = frozenset(
    ["address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog",
     "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3",
     "h4", "h5", "h6", "header", "hgroup", "hr", "html", "legend", "li", "main", "nav", "ol", "p",
     "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
     "caption"]
)  # fmt: skip
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.I)
_XML_CHARSET = re.compile(rb"<\?xml[^>]{0,100}encoding\s*=\s*[\"']([A-Za-z0-9_.:-]+)", re.I)
_MAX_DEPTH = 200


def parse(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read a web page."""
    root = html_root(decode_html(file.read()))
    found = html_text(root)
    blocks = found.blocks
    title = one_line(root.findtext(".//title") or "")
    language = (root.get("lang") or "")[:2].lower()
    return ParsedDocument(
        media_type=media_types.HTML,
        title=title or first_heading(blocks),
        language=language if language.isalpha() else None,
        unit="section",
        pages=split_sections(blocks),
        warnings=found.warnings,
    )


def decode_html(data: bytes, declared: str | None = None) -> str:
    """Return the text of an HTML file. `declared` is the charset that came with it; the file's own
    declaration counts after it, and neither where it cannot be right."""
    own = _META_CHARSET.search(data[:4096]) or _XML_CHARSET.search(data[:200])
    if declared is None or codec_of(declared) is None:
        declared = own.group(1).decode("ascii") if own else None
    return decode(data, declared)


def html_root(text: str) -> lxml.html.HtmlElement:
    """Return the root of an HTML text, however broken; raises EmptyDocument if there is none."""
    parser = lxml.html.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False
    )
    data = text.encode("utf-8", errors="replace")
    try:
        return lxml.html.document_fromstring(data, parser=parser)
    except etree.ParserError as error:
        raise EmptyDocument(str(error)) from error


@dataclass(frozen=True, slots=True)
class HtmlText:
    """The blocks that a reader of a page sees, and what the reader must know of the others."""

    blocks: list[Block]
    warnings: tuple[ParseWarning, ...] = ()


def html_text(root: etree._Element, linked_sheets: Iterable[str] | None = None) -> HtmlText:
    """Return what a reader of `root`, which is changed, sees. `linked_sheets` are the style sheets
    of other files that it links to, None if they are not known."""
    collector = _Collector(hidden=HiddenElements(StyleRules.of(root, linked_sheets)))
    show_replaced(root)
    has_invisible_text = show_letters(root, collector.hidden)
    collector.walk(root, _Place())
    collector.flush()
    found = {
        WarningCode.HIDDEN_TEXT: collector.hidden.has_text,
        WarningCode.INVISIBLE_TEXT: has_invisible_text,
    }
    warnings = tuple(ParseWarning(code) for code, is_found in found.items() if is_found)
    return HtmlText(collector.blocks, warnings)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk stands: what kind of block text belongs to."""

    kind: BlockKind = "paragraph"
    level: int = 0
    marker: str = ""
    depth: int = 0


@dataclass(slots=True)
class _Collector:
    hidden: HiddenElements
    blocks: list[Block] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _place: _Place = field(default_factory=_Place)

    def walk(self, element: etree._Element, place: _Place) -> None:
        """Collect the text of `element` and of what follows inside it."""
        tag = element.tag if isinstance(element.tag, str) else ""
        tag = tag.rpartition("}")[2].lower()
        if tag in _IGNORED or self.hidden.holds(element):
            return
        if place.depth > _MAX_DEPTH:
            self._add(" ".join(map(str, element.itertext())), place)
        elif tag == "br":
            self._add("\n", place)
        elif tag == "pre":
            self._code(element)
        elif tag == "table":
            self._table(element, place)
        elif tag in _BLOCK:
            self.flush()
            self._children(element, _inside(element, tag, place, self._list_style(element, tag)))
            self.flush()
        else:
            self._children(element, _deeper(place))

    def _list_style(self, element: etree._Element, tag: str) -> Declarations:
        """Return what is declared for the list that an item belongs to."""
        around = element.getparent() if tag == "li" else None
        return self.hidden.rules.declared(around) if around is not None else {}

    def _children(self, element: etree._Element, place: _Place) -> None:
        self._add(element.text or _spoken(element), place)
        for child in element:
            self.walk(child, place)
            self._add(child.tail, place)

    def _add(self, text: str | None, place: _Place) -> None:
        if text:
            self._parts.append(text if text == "\n" else text.replace("\n", " "))
            self._place = place

    def flush(self) -> None:
        """End the current block."""
        text = clean_block(without_data_uris("".join(self._parts)))
        self._parts = []
        if not text:
            return
        place = self._place
        if place.kind == "heading":
            text = one_line(text)
        elif place.kind == "list_item":
            text = f"{'  ' * (place.level - 1)}{place.marker}{text}"
        self.blocks.append(Block(place.kind, text, place.level))

    def _code(self, element: etree._Element) -> None:
        self.flush()
        source = without_data_uris("".join(element.itertext()))
        lines = [line.rstrip() for line in clean_code(source).split("\n")]
        text = "\n".join(lines).strip("\n")
        if text:
            self.blocks.append(Block("code", text))

    def _table(self, element: etree._Element, place: _Place) -> None:
        """A table of data becomes one block; a table that only lays a page out is walked."""
        self.flush()
        if _is_layout(element):
            self._children(element, _deeper(place))
            self.flush()
            return
        caption = element.find("./caption")
        if caption is not None:
            self.blocks.append(Block("caption", one_line(" ".join(caption.itertext()))))
        text = pipe_table(table_rows(element, self.hidden))
        if text:
            self.blocks.append(Block("table", text))


def clean_code(text: str) -> str:
    """Return cleaned text with the indentation that `clean_text` would take away."""
    lines = text.replace("\r\n", "\n").expandtabs(4).split("\n")
    return "\n".join(
        " " * (len(line) - len(line.lstrip(" "))) + clean_text(line.lstrip(" ")) for line in lines
    )


def _inside(element: etree._Element, tag: str, place: _Place, declared: Declarations) -> _Place:
    depth = place.depth + 1
    if tag in _HEADINGS:
        return _Place("heading", _HEADINGS[tag], depth=depth)
    if tag in ("li", "dd"):
        level = place.level + 1 if place.kind == "list_item" else 1
        return _Place("list_item", level, item_marker(element, declared), depth)
    if tag in ("figcaption", "caption"):
        return _Place("caption", depth=depth)
    if place.kind == "list_item" and tag in ("p", "div", "ul", "ol", "span"):
        return _Place("list_item", place.level, place.marker, depth)
    if tag in ("ul", "ol", "dl") or place.kind == "heading":
        return _Place(place.kind, place.level, place.marker, depth)
    return _Place(depth=depth)


def _deeper(place: _Place) -> _Place:
    return _Place(place.kind, place.level, place.marker, place.depth + 1)


def _spoken(element: etree._Element) -> str:
    """Return the text that stands for an image."""
    return element.get("alt") or "" if element.tag == "img" else ""


def _is_layout(table: etree._Element) -> bool:
    """A table that holds tables or headings, or a single cell, arranges a page."""
    if table.get("role") == "presentation":
        return True
    if any(True for _ in table.iter("table", "h1", "h2", "h3") if _ is not table):
        return not any(True for _ in table.iter("th"))
    return sum(1 for _ in table.iter("td", "th")) <= 1
