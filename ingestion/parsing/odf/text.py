"""The text of OpenDocument paragraphs."""

from lxml import etree

from ingestion.parsing.archive import attribute, local_name

_MAX_SPACES = 100
# Elements that hold no text of the document itself.
SKIPPED = frozenset(
    [
        "tracked-changes",
        "forms",
        "sequence-decls",
        "variable-decls",
        "user-field-decls",
        "font-face-decls",
        "automatic-styles",
        "ruby-text",
        "binary-data",
        "event-listeners",
        "desc",
        "script",
    ]
)
_HANGING = frozenset(
    ["note", "annotation", "frame", "custom-shape", "g", "text-box", "rect", "control"]
)


def paragraph_text(element: etree._Element) -> tuple[str, list[etree._Element]]:
    """Return the text of a paragraph ("\\f" at page breaks) and what hangs on it: notes, frames."""
    parts: list[str] = [element.text or ""]
    hanging: list[etree._Element] = []
    for item in element:
        name = local_name(item)
        if name in _HANGING:
            hanging.append(item)
        elif name == "s":
            count = attribute(item, "c") or "1"
            parts.append(" " * min(int(count) if count.isdecimal() else 1, _MAX_SPACES))
        elif name == "tab":
            parts.append(" ")
        elif name == "line-break":
            parts.append("\n")
        elif name == "soft-page-break":
            parts.append("\f")
        elif name not in SKIPPED and name != "deletion":
            inner, inner_hanging = paragraph_text(item)
            parts.append(inner)
            hanging.extend(inner_hanging)
        parts.append(item.tail or "")
    return "".join(parts), hanging
