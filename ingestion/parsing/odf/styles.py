"""What surrounds the body of an OpenDocument file: heading levels, numbered lists, margins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.document import Block
from ingestion.parsing.odf.controls import form_texts
from ingestion.parsing.odf.numbering import ListNumbers
from ingestion.parsing.odf.text import paragraph_text
from ingestion.parsing.ooxml import children, descendants
from ingestion.parsing.text.normalise import clean_block


@dataclass(frozen=True, slots=True)
class OdfResources:
    """What a body refers to: style name → heading level, numbers of lists and headings, names of
    the styles of hidden sheets and slides, name → content of embedded objects, id → text of fields
    of forms."""

    outlines: Mapping[str, int]
    numbers: ListNumbers
    hidden: frozenset[str]
    objects: Mapping[str, etree._Element]
    forms: Mapping[str, str]


def read_resources(
    roots: Sequence[etree._Element], objects: Mapping[str, etree._Element]
) -> OdfResources:
    """Return what the styles in `roots` say; a later root goes before an earlier one."""
    outlines: dict[str, int] = {}
    numbers = ListNumbers()
    hidden: set[str] = set()
    for root in roots:
        outlines |= _style_outlines(root)
        numbers.add(root)
        hidden |= _hidden_styles(root)
    return OdfResources(outlines, numbers, frozenset(hidden), objects, form_texts(roots[-1]))


def margin_blocks(styles: etree._Element, *names: str) -> list[Block]:
    """Return the distinct texts of page headers or footers: the margins of those names."""
    texts: dict[str, None] = {}
    for page in descendants(styles, "master-page"):
        for margin in children(page, *names):
            lines = (paragraph_text(item)[0] for item in descendants(margin, "p", "h"))
            text = clean_block("\n".join(lines))
            if any(character.isalpha() for character in text):
                texts[text] = None
    return [Block("paragraph", text) for text in texts]


def _hidden_styles(root: etree._Element) -> set[str]:
    """Return the styles that hide a sheet (table:display) or a slide (presentation:visibility)."""
    return {
        attribute(style, "name") or ""
        for style in descendants(root, "style")
        for item in style
        if (local_name(item) == "table-properties" and attribute(item, "display") == "false")
        or (
            local_name(item) == "drawing-page-properties"
            and attribute(item, "visibility") == "hidden"
        )
    }


def _style_outlines(root: etree._Element) -> dict[str, int]:
    """Return style name → heading level for the styles that give one ("Title" is 1)."""
    found: dict[str, int] = {}
    for style in descendants(root, "style"):
        name = attribute(style, "name") or ""
        level = attribute(style, "default-outline-level") or ""
        parent = attribute(style, "parent-style-name") or ""
        if level.isdecimal():
            found[name] = int(level)
        elif "Title" in (name, parent):
            found[name] = 1
    return found
