"""Elements that show words which are not their own text: formulas, drawings, fields of forms."""

from lxml import etree

from ingestion.parsing.text.mathml import formula_text
from ingestion.parsing.text.normalise import one_line

_SHOWN_INPUTS = frozenset(
    ["", "text", "search", "tel", "url", "email", "number", "date", "time", "datetime-local",
     "month", "week"]
)  # fmt: skip
_BOXES = frozenset({"checkbox", "radio"})


def show_replaced(root: etree._Element) -> None:
    """Put, in place, what formulas, drawings and fields of forms show as their text."""
    for element in list(root.iter("math", "svg", "select", "input")):
        text = _shown(element)
        for inner in list(element):
            element.remove(inner)
        element.text = text


def _shown(element: etree._Element) -> str:
    if element.tag == "math":
        return formula_text(element) or element.get("alttext") or ""
    if element.tag == "svg":
        texts = ("".join(found.itertext()) for found in element.iter("text"))
        return one_line(" ".join(texts))
    if element.tag == "select":
        chosen = (item for item in element.iter("option") if "selected" in item.attrib)
        return ", ".join(one_line("".join(item.itertext())) for item in chosen)
    kind = (element.get("type") or "").lower()
    if kind in _BOXES:
        return "☒ " if "checked" in element.attrib else "☐ "
    return element.get("value") or "" if kind in _SHOWN_INPUTS else ""
