"""Footnotes of Word files, which python-docx does not write (ECMA-376, part 1, section 17.11)."""

from typing import Any, Final

from docx.document import Document
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.text.paragraph import Paragraph
from lxml import etree

# The two notes that Word wants first: the lines above footnotes.
_SEPARATORS: Final = f"""<w:footnotes {nsdecls("w")}>
<w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p></w:footnote>
<w:footnote w:type="continuationSeparator" w:id="0"><w:p><w:r><w:continuationSeparator/></w:r></w:p>
</w:footnote></w:footnotes>"""


class Footnotes:
    """The notes of one file; ``attach`` adds them to it."""

    def __init__(self) -> None:
        self._root = parse_xml(_SEPARATORS)
        self._count = 0

    def add(self, paragraph: Paragraph, note: str) -> None:
        """Add a mark to the end of a paragraph, with its note."""
        self._count += 1
        run = paragraph.add_run()
        run.font.superscript = True
        reference = OxmlElement("w:footnoteReference")
        reference.set(qn("w:id"), str(self._count))
        run._r.append(reference)
        self._root.append(_footnote(self._count, note))

    def attach(self, document: Document) -> None:
        """Write the notes into the file."""
        part = document.part
        notes = Part(
            PackURI("/word/footnotes.xml"),
            CONTENT_TYPE.WML_FOOTNOTES,
            etree.tostring(self._root, xml_declaration=True, encoding="UTF-8", standalone=True),
            part.package,
        )
        part.relate_to(notes, RELATIONSHIP_TYPE.FOOTNOTES)


def _footnote(number: int, note: str) -> Any:
    mark = _run(OxmlElement("w:footnoteRef"), is_superscript=True)
    text = OxmlElement("w:t")
    text.text = f" {note}"
    text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    paragraph = OxmlElement("w:p")
    paragraph.append(mark)
    paragraph.append(_run(text, half_points=18))
    footnote = OxmlElement("w:footnote")
    footnote.set(qn("w:id"), str(number))
    footnote.append(paragraph)
    return footnote


def _run(content: Any, *, is_superscript: bool = False, half_points: int = 0) -> Any:
    run, properties = OxmlElement("w:r"), OxmlElement("w:rPr")
    if half_points:
        _property(properties, "w:sz", str(half_points))
    if is_superscript:
        _property(properties, "w:vertAlign", "superscript")
    run.append(properties)
    run.append(content)
    return run


def _property(properties: Any, name: str, value: str) -> None:
    element = OxmlElement(name)
    element.set(qn("w:val"), value)
    properties.append(element)
