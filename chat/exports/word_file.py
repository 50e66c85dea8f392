"""A conversation as a Word file, its citations as footnotes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Final

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt
from docx.text.paragraph import Paragraph
from docx.text.run import Run
from markdown_it.tree import SyntaxTreeNode

from chat.exports.markdown_tree import ANSWER_LEVEL, heading_level, markdown_tree, parts
from chat.exports.transcript import Source, Transcript
from chat.exports.word_notes import Footnotes
from chat.exports.wording import Wording

# Of its lists, the template has styles for three levels.
_MAX_LIST_LEVEL: Final = 3
# Production 2 of XML 1.0.
_ILLEGIBLE: Final = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MONOSPACED: Final = "Courier New"


@dataclass(frozen=True, slots=True)
class _Style:
    """How words are written."""

    bold: bool = False
    italic: bool = False
    strike: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """Where blocks are: the style of their paragraphs, and the lists around them."""

    style: str = "Normal"
    list_level: int = 0


def transcript_as_word(transcript: Transcript) -> bytes:
    """Return the file."""
    wording = Wording.of(transcript)
    document = docx.Document()
    _describe(document, transcript)
    document.add_heading(_legible(transcript.title), level=1)
    document.add_paragraph(_legible(wording.origin))
    writer = _Writer(document, {source.number: source for source in transcript.sources})
    for turn, heading in zip(transcript.turns, wording.headings, strict=True):
        document.add_heading(_legible(heading), level=2)
        if turn.is_question:
            document.add_paragraph().add_run(_legible(turn.text)).bold = True
        else:
            writer.answer(turn.text, turn.numbers)
    document.add_paragraph().add_run(_legible(wording.advice)).italic = True
    writer.notes.attach(document)
    written = BytesIO()
    document.save(written)
    return written.getvalue()


def _describe(document: Document, transcript: Transcript) -> None:
    properties = document.core_properties
    properties.title, properties.author = _legible(transcript.title)[:255], ""
    properties.language, properties.comments = transcript.language, ""
    properties.created = transcript.created_at
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), transcript.language)


class _Writer:
    """Adds answers to a document."""

    def __init__(self, document: Document, sources: Mapping[int, Source]) -> None:
        self._document, self._sources = document, sources
        self._numbers: Mapping[int, int] = {}
        self._level = ANSWER_LEVEL
        # The first paragraph of a list item.
        self._first: Paragraph | None = None
        self.notes = Footnotes()

    def answer(self, text: str, numbers: Mapping[int, int]) -> None:
        self._numbers, self._level = numbers, ANSWER_LEVEL
        self._blocks(markdown_tree(text), _Place())

    def _blocks(self, node: SyntaxTreeNode, place: _Place) -> None:
        for child in node.children:
            self._block(child, place)

    def _block(self, node: SyntaxTreeNode, place: _Place) -> None:
        match node.type:
            case "heading":
                self._level = heading_level(node, self._level)
                self._inside(node, self._document.add_heading(level=self._level), _Style())
            case "bullet_list" | "ordered_list":
                self._list(node, place.list_level + 1)
            case "blockquote":
                self._blocks(node, replace(place, style="Quote"))
            case "fence" | "code_block":
                code = self._document.add_paragraph()
                _monospaced(code.add_run(_legible(node.content.rstrip("\n"))))
            case "table":
                self._table(node)
            case "hr":
                self._document.add_paragraph("⁂")
            case _:
                paragraph = self._document.add_paragraph(style=place.style)
                self._first = self._first or paragraph
                self._inside(node, paragraph, _Style())

    def _list(self, node: SyntaxTreeNode, level: int) -> None:
        kind = "List Bullet" if node.type == "bullet_list" else "List Number"
        shown = min(level, _MAX_LIST_LEVEL)
        style = kind if shown == 1 else f"{kind} {shown}"
        number = None
        if node.type == "ordered_list":
            number = self._numbering(style, int(node.attrs.get("start", 1)))
        for item in node.children:
            self._first = None
            self._blocks(item, _Place(style, level))
            first = self._first
            if number is not None and first is not None:
                numbered = first._p.get_or_add_pPr().get_or_add_numPr()
                numbered.get_or_add_numId().val = number

    def _numbering(self, style: str, start: int) -> int:
        """Return a numbering like that of a style, which begins anew."""
        numbering = self._document.part.numbering_part.element
        properties = self._document.styles[style].element.pPr
        template = numbering.num_having_numId(properties.numPr.numId.val)
        number = numbering.add_num(template.abstractNumId.val)
        number.add_lvlOverride(ilvl=0).add_startOverride(start)
        return int(number.numId)

    def _table(self, node: SyntaxTreeNode) -> None:
        rows = [row.children for part in node.children for row in part.children]
        table = self._document.add_table(len(rows), len(rows[0]), style="Table Grid")
        for i, (written, cells) in enumerate(zip(table.rows, rows, strict=True)):
            for target, cell in zip(written.cells, cells, strict=True):
                self._inside(cell, target.paragraphs[0], _Style(bold=i == 0))
        # The first row is repeated on each page, and read as a head.
        table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        self._document.add_paragraph()

    def _inside(self, node: SyntaxTreeNode, paragraph: Paragraph, style: _Style) -> None:
        for child in node.children:
            self._inline(child, paragraph, style)

    def _inline(self, node: SyntaxTreeNode, paragraph: Paragraph, style: _Style) -> None:
        match node.type:
            case "text":
                self._words(node.content, paragraph, style)
            case "em":
                self._inside(node, paragraph, replace(style, italic=True))
            case "strong":
                self._inside(node, paragraph, replace(style, bold=True))
            case "s":
                self._inside(node, paragraph, replace(style, strike=True))
            case "code_inline":
                _monospaced(paragraph.add_run(_legible(node.content)))
            case "link":
                before = len(paragraph._p)
                self._inside(node, paragraph, style)
                _link(paragraph, before, str(node.attrs["href"]))
            case "image":
                _add_words(paragraph, node.content, style)
            case "softbreak":
                paragraph.add_run(" ")
            case "hardbreak":
                paragraph.add_run().add_break()
            case _:
                self._inside(node, paragraph, style)

    def _words(self, text: str, paragraph: Paragraph, style: _Style) -> None:
        for part in parts(text, self._numbers):
            if isinstance(part, str):
                _add_words(paragraph, part, style)
                continue
            for position, number in enumerate(part):
                if position:
                    paragraph.add_run(",").font.superscript = True
                self.notes.add(paragraph, _legible(str(self._sources[number])))


def _add_words(paragraph: Paragraph, words: str, style: _Style) -> None:
    run = paragraph.add_run(_legible(words))
    run.bold, run.italic = style.bold or None, style.italic or None
    run.font.strike = style.strike or None


def _monospaced(run: Run) -> None:
    run.font.name, run.font.size = _MONOSPACED, Pt(9.5)


def _link(paragraph: Paragraph, first: int, address: str) -> None:
    """Make what was added to a paragraph since ``first`` a link."""
    link = OxmlElement("w:hyperlink")
    target = paragraph.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    link.set(qn("r:id"), target)
    for run in list(paragraph._p)[first:]:
        for properties in run.iter(qn("w:rPr")):
            properties.append(OxmlElement("w:u"))
            properties[-1].set(qn("w:val"), "single")
        link.append(run)
    paragraph._p.append(link)


def _legible(text: str) -> str:
    """Return a text without the characters that XML cannot hold."""
    return _ILLEGIBLE.sub("", text)
