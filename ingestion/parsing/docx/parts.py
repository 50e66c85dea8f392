"""The other parts of a Word file: styles, notes, comments, page headers, charts."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from lxml import etree

from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.parsing.archive import Archive, attribute
from ingestion.parsing.document import Block
from ingestion.parsing.docx.fields import drop_field_codes
from ingestion.parsing.docx.insertions import Insertions
from ingestion.parsing.docx.marks import apply_marks
from ingestion.parsing.docx.numbering import Numbering
from ingestion.parsing.docx.runs import RunStyles
from ingestion.parsing.docx.text import paragraph_text, paragraphs
from ingestion.parsing.office.charts import chart_blocks
from ingestion.parsing.office.colours import ThemeColours, usual_colours
from ingestion.parsing.office.diagrams import read_diagrams
from ingestion.parsing.ooxml import (
    Relationship,
    child,
    children,
    drop_hidden_shapes,
    embedded_files,
    relationships,
    value_at,
)
from ingestion.parsing.text.comments import comment_text
from ingestion.parsing.text.normalise import clean_block

_HEADING_NAME = re.compile(r"^(?:heading|titre|überschrift)\s*(\d)", re.I)
_TITLE_NAMES = frozenset({"title", "titre"})
_BODY_OUTLINE = 9
_MAX_CHAIN = 20
_NOT_A_NOTE = frozenset({"separator", "continuationSeparator", "continuationNotice"})


@dataclass(frozen=True, slots=True)
class _Style:
    name: str
    based_on: str
    outline: int | None
    number_id: str
    number_level: int


@dataclass(slots=True)
class DocxParts:
    """Everything around the body, looked up by the ids that the body uses."""

    numbering: Numbering = field(default_factory=Numbering)
    _styles: dict[str, _Style] = field(default_factory=dict)
    _default_style: str = ""
    _notes: dict[tuple[str, str], str] = field(default_factory=dict)
    _headers: list[str] = field(default_factory=list)
    _footers: list[str] = field(default_factory=list)
    _graphics: dict[str, list[Block]] = field(default_factory=dict)
    _colours: ThemeColours = field(default_factory=partial(usual_colours, None))
    _runs: RunStyles = field(default_factory=RunStyles)
    _codes: set[WarningCode] = field(default_factory=set)
    _embedded: list[str] = field(default_factory=list)

    @classmethod
    def read(
        cls, archive: Archive, links: list[Relationship], insertions: Insertions
    ) -> "DocxParts":
        """Read the parts that the main part links to; a damaged one is done without."""
        parts = cls()
        # The theme and the styles first: they say what of the other parts is hidden.
        for link in sorted(links, key=lambda link: _ORDER.get(link.kind, len(_ORDER))):
            root = archive.find_xml(link.part) if link.kind in _READERS else None
            if root is not None:
                if link.kind in _TEXTS:
                    own_links = relationships(archive, link.part)
                    insertions.place_texts(root, own_links)
                    parts.show(root, own_links)
                _READERS[link.kind](parts, root, link.id)
        parts._graphics.update(read_diagrams(archive, links))
        return parts

    def show(self, root: etree._Element, links: list[Relationship]) -> None:
        """Make of a part with text, in place, what Word shows of it; note the files embedded in it
        by `links`."""
        self._embedded += embedded_files(links, root)
        drop_field_codes(root)
        self._codes |= self._runs.show(root)
        if drop_hidden_shapes(root) | apply_marks(root):
            self._codes.add(WarningCode.HIDDEN_TEXT)

    def warnings(self) -> tuple[ParseWarning, ...]:
        """Return what a reader must know of the parts shown so far."""
        warnings = tuple(ParseWarning(code) for code in sorted(self._codes))
        if self._embedded:
            warnings += (ParseWarning(WarningCode.UNREAD_FILES, tuple(self._embedded)),)
        return warnings

    def style_of(self, paragraph: etree._Element) -> str:
        """Return the id of a paragraph's style."""
        return value_at(paragraph, "pPr", "pStyle") or self._default_style

    def style_name(self, style: str) -> str:
        """Return the name of a style, as Word knows it in every language."""
        return self._styles[style].name if style in self._styles else style

    def heading_level(self, paragraph: etree._Element, style: str) -> int:
        """Return the level of a heading from 1, or 0 for other paragraphs."""
        outline = value_at(paragraph, "pPr", "outlineLvl")
        if outline is not None and outline.isdecimal():
            return int(outline) + 1 if int(outline) < _BODY_OUTLINE else 0
        for _, found in self._chain(style):
            match = _HEADING_NAME.match(found.name)
            if match:
                return int(match.group(1))
            if found.name.lower() in _TITLE_NAMES:
                return 1
            if found.outline is not None:
                return found.outline + 1 if found.outline < _BODY_OUTLINE else 0
        return 0

    def list_place(self, paragraph: etree._Element, style: str) -> tuple[str, int]:
        """Return (list id, level from 0) of a paragraph, own or by style; ("", 0) for none."""
        own = child(paragraph, "pPr", "numPr")
        number_id, level = value_at(own, "numId"), value_at(own, "ilvl")
        if number_id is None:
            for name, found in self._chain(style):
                if found.number_id:
                    number_id = found.number_id
                    linked = self.numbering.level_of_style(number_id, name)
                    level = level or str(found.number_level if linked is None else linked)
                    break
        return number_id or "", int(level) if level and level.isdecimal() else 0

    def note_text(self, kind: str, note_id: str) -> str:
        """Return the text of a footnote or endnote, or a comment with its author and day."""
        return self._notes.get((kind, note_id), "")

    def header_texts(self) -> list[str]:
        """Return the distinct texts of page headers."""
        return list(dict.fromkeys(self._headers))

    def footer_texts(self) -> list[str]:
        """Return the distinct texts of page footers that are not page headers too."""
        return [text for text in dict.fromkeys(self._footers) if text not in self._headers]

    def graphic_blocks(self, link: str) -> list[Block]:
        """Return the texts of a chart or diagram."""
        return self._graphics.get(link, [])

    def _chain(self, style: str) -> Iterator[tuple[str, _Style]]:
        """Yield a style and those that it is based on."""
        for _ in range(_MAX_CHAIN):
            found = self._styles.get(style)
            if found is None:
                return
            yield style, found
            style = found.based_on

    def _read_theme(self, root: etree._Element, _: str) -> None:
        self._colours = usual_colours(root)
        self._runs = RunStyles.read(None, self._colours)

    def _read_styles(self, root: etree._Element, _: str) -> None:
        self._runs = RunStyles.read(root, self._colours)
        for element in children(root, "style"):
            if attribute(element, "type") not in (None, "paragraph"):
                continue
            style_id = attribute(element, "styleId") or ""
            outline = value_at(element, "pPr", "outlineLvl") or ""
            level = value_at(element, "pPr", "numPr", "ilvl") or ""
            self._styles[style_id] = _Style(
                name=value_at(element, "name") or style_id,
                based_on=value_at(element, "basedOn") or "",
                outline=int(outline) if outline.isdecimal() else None,
                number_id=value_at(element, "pPr", "numPr", "numId") or "",
                number_level=int(level) if level.isdecimal() else 0,
            )
            if attribute(element, "default") in ("1", "true"):
                self._default_style = style_id

    def _read_numbering(self, root: etree._Element, _: str) -> None:
        self.numbering = Numbering.read(root)

    def _read_notes(self, root: etree._Element, _: str) -> None:
        for kind in ("footnote", "endnote", "comment"):
            for element in children(root, kind):
                if attribute(element, "type") in _NOT_A_NOTE:
                    continue
                text = _joined(element)
                if kind == "comment":
                    text = comment_text(
                        text,
                        author=attribute(element, "author") or "",
                        written_at=attribute(element, "date") or "",
                    )
                self._notes[kind, attribute(element, "id") or ""] = text

    def _read_header(self, root: etree._Element, _: str) -> None:
        if text := _joined(root):
            self._headers.append(text)

    def _read_footer(self, root: etree._Element, _: str) -> None:
        if text := _joined(root):
            self._footers.append(text)

    def _read_chart(self, root: etree._Element, link: str) -> None:
        self._graphics[link] = list(chart_blocks(root))


def _joined(element: etree._Element) -> str:
    """Return the paragraphs of a note or page header on lines of their own, boxes included."""
    lines: list[str] = []
    for paragraph in paragraphs(element):
        found = paragraph_text(paragraph, frozenset())
        lines.append(found.text)
        for box in found.boxes:
            lines.extend(paragraph_text(inner, frozenset()).text for inner in paragraphs(box))
    text = clean_block("\n".join(lines))
    return text if any(character.isalpha() for character in text) else ""


_ORDER = {"theme": 0, "styles": 1}
_TEXTS = frozenset({"footnotes", "endnotes", "comments", "header", "footer"})
_READERS: Mapping[str, Callable[[DocxParts, etree._Element, str], None]] = {
    "theme": DocxParts._read_theme,
    "styles": DocxParts._read_styles,
    "numbering": DocxParts._read_numbering,
    "footnotes": DocxParts._read_notes,
    "endnotes": DocxParts._read_notes,
    "comments": DocxParts._read_notes,
    "header": DocxParts._read_header,
    "footer": DocxParts._read_footer,
    "chart": DocxParts._read_chart,
    "chartEx": DocxParts._read_chart,
}
