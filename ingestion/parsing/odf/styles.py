"""What the body of an OpenDocument file refers to: heading levels, numbered lists, objects."""

from dataclasses import dataclass

from lxml import etree

from ingestion.parsing.archive import attribute
from ingestion.parsing.ooxml import children, descendants


@dataclass(frozen=True, slots=True)
class OdfResources:
    """What a body refers to: style name → heading level, list style name → depths (from 1) that
    are numbered, name → content of embedded objects."""

    outlines: dict[str, int]
    numbered: dict[str, set[int]]
    objects: dict[str, etree._Element]


def style_outlines(root: etree._Element) -> dict[str, int]:
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


def numbered_lists(root: etree._Element) -> dict[str, set[int]]:
    """Return list style name → depths (from 1) at which items are numbered."""
    return {
        attribute(style, "name") or "": {
            int(level)
            for item in children(style, "list-level-style-number")
            if (level := attribute(item, "level") or "").isdecimal()
            and attribute(item, "num-format")
        }
        for style in descendants(root, "list-style")
    }
