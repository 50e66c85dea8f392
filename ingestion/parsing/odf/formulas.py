"""Formulas embedded in OpenDocument files, put where they are shown."""

from collections.abc import Mapping

from lxml import etree

from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.text.mathml import formula_text


def show_formulas(content: etree._Element, objects: Mapping[str, etree._Element]) -> None:
    """Put the text of each embedded formula, in place, where its frame stands."""
    for item in list(content.iter("{*}object")):
        name = (attribute(item, "href") or "").removeprefix("./").strip("/")
        root = objects.get(name, item)
        formula = root if local_name(root) == "math" else next(root.iter("{*}math"), None)
        frame = item.getparent()
        parent = frame.getparent() if frame is not None else None
        text = formula_text(formula) if formula is not None else ""
        if frame is None or parent is None or not text:
            continue
        is_inline = local_name(parent) in ("p", "h", "span", "a")
        shown = etree.Element("span" if is_inline else "p")
        shown.text, shown.tail = text, frame.tail
        parent.replace(frame, shown)
