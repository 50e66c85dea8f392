"""The text inside a Word paragraph, with the things that hang on it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.docx.fields import form_field_text
from ingestion.parsing.office.equations import equation_text
from ingestion.parsing.ooxml import chosen
from ingestion.parsing.text.symbol_fonts import symbol_text

# Deleted or moved text, field codes, properties, and the text boxes that are blocks of their own.
_SKIPPED = frozenset(
    [
        "del",
        "moveFrom",
        "instrText",
        "delText",
        "delInstrText",
        "pPr",
        "rPr",
        "sdtPr",
        "sdtEndPr",
        "tblPr",
        "trPr",
        "tcPr",
        "sectPr",
        "fldData",
        "rt",
    ]
)
_EQUATIONS = frozenset({"oMath", "oMathPara"})
_PIECES = {"tab": " ", "ptab": " ", "cr": "\n", "noBreakHyphen": "-"}


@dataclass(slots=True)
class ParagraphText:
    """`pieces` holds the text before, between and after page breaks (so one more than breaks)."""

    pieces: list[str] = field(default_factory=lambda: [""])
    notes: list[tuple[str, str]] = field(default_factory=list)
    boxes: list[etree._Element] = field(default_factory=list)
    graphics: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The whole text, page breaks left out."""
        return "".join(self.pieces)


def paragraph_text(paragraph: etree._Element, break_names: frozenset[str]) -> ParagraphText:
    """Return the text of `paragraph`. `break_names` says what counts as a page break:
    "lastRenderedPageBreak", "br", or nothing. `notes` lists (kind, id) of footnotes, endnotes and
    comments referred to, `boxes` the contents of text boxes, `graphics` ids of charts and diagrams.
    """
    found = ParagraphText()
    _collect(paragraph, found, break_names)
    return found


def _collect(element: etree._Element, found: ParagraphText, break_names: frozenset[str]) -> None:
    for item in element:
        name = local_name(item)
        if name in _SKIPPED:
            continue
        if name == "t":
            found.pieces[-1] += item.text or ""
        elif name in _PIECES:
            found.pieces[-1] += _PIECES[name]
        elif name in _EQUATIONS:
            found.pieces[-1] += equation_text(item)
        elif name == "sym":
            found.pieces[-1] += _symbol(item)
        elif name == "textpath":  # the words of WordArt and of watermarks
            found.pieces[-1] += attribute(item, "string") or ""
        elif name == "fldChar":
            found.pieces[-1] += form_field_text(item)
        elif name == "br":
            _break(item, found, break_names)
        elif name == "lastRenderedPageBreak":
            if name in break_names:
                found.pieces.append("")
        elif name in ("footnoteReference", "endnoteReference", "commentReference"):
            found.notes.append((name.removesuffix("Reference"), attribute(item, "id") or ""))
        elif name == "txbxContent":
            found.boxes.append(item)
        elif name == "AlternateContent":
            branch = chosen(item)
            if branch is not None:
                _collect(branch, found, break_names)
        elif name in ("chart", "relIds"):
            found.graphics.append(attribute(item, "id") or attribute(item, "dm") or "")
        else:
            _collect(item, found, break_names)


def _symbol(item: etree._Element) -> str:
    """Return the character that w:sym names by its font and its code, as "F061" or "61"."""
    try:
        letter = chr(int(attribute(item, "char") or "", 16))
    except (ValueError, OverflowError):
        return ""
    return symbol_text(letter, attribute(item, "font") or "")


def _break(item: etree._Element, found: ParagraphText, break_names: frozenset[str]) -> None:
    if attribute(item, "type") != "page":
        found.pieces[-1] += "\n"
    elif "br" in break_names:
        found.pieces.append("")


def paragraphs(element: etree._Element) -> Iterator[etree._Element]:
    """Yield the paragraphs of a part or cell, in order, those of nested tables included; and what
    stands for an inserted file (altChunk), whose own text is none."""
    for item in element:
        name = local_name(item)
        if name in ("p", "altChunk"):
            yield item
        elif name not in _SKIPPED and name != "AlternateContent":
            yield from paragraphs(item)
