"""Marks of rows, cells and paragraphs in Word: deleted and hidden rows go, and paragraphs whose end
was deleted go on in the next (ECMA-376-1, 17.4, 17.13.5)."""

from collections.abc import Iterator

from lxml import etree

from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.ooxml import child, is_on

_DELETED_ENDS = ("del", "moveFrom")


def apply_marks(root: etree._Element) -> bool:
    """Make of rows, cells and paragraphs in `root`, in place, what Word shows; tell whether hidden
    rows held text."""
    held_text = False
    for item in list(root.iter("{*}tr", "{*}tc")):
        properties = child(item, f"{local_name(item)}Pr")
        is_hidden = is_on(child(properties, "hidden"))
        is_deleted = any(child(properties, name) is not None for name in ("del", "cellDel"))
        parent = item.getparent()
        if parent is not None and (is_hidden or is_deleted):
            held_text |= is_hidden and any((text.text or "").strip() for text in item.iter("{*}t"))
            parent.remove(item)
    for paragraph in list(_unended(root)):
        _join(paragraph)
    return held_text


def _unended(root: etree._Element) -> Iterator[etree._Element]:
    """Yield the paragraphs that go on in the next: their end is deleted, or they are an
    initial."""
    for properties in root.iter("{*}pPr"):
        end = child(properties, "rPr")
        frame = child(properties, "framePr")
        is_initial = frame is not None and (attribute(frame, "dropCap") or "none") != "none"
        if is_initial or any(child(end, name) is not None for name in _DELETED_ENDS):
            paragraph = properties.getparent()
            if paragraph is not None and local_name(paragraph) == "p":
                yield paragraph


def _join(paragraph: etree._Element) -> None:
    """Put the content of a paragraph before that of the next, if one follows directly."""
    following = paragraph.getnext()
    parent = paragraph.getparent()
    if parent is None or following is None or local_name(following) != "p":
        return
    at = 0 if child(following, "pPr") is None else 1
    for item in reversed([item for item in paragraph if local_name(item) != "pPr"]):
        following.insert(at, item)
    parent.remove(paragraph)
