"""What stands before the items of a list: "3.", "c.", "IV.", "-"."""

from collections.abc import Mapping

from lxml import etree

from ingestion.parsing.html.sheets import Declarations, value_of
from ingestion.parsing.text.ordinals import ordinal

# Forms of numbers by the attribute `type` and by the names of CSS.
_TYPES: Mapping[str, str] = {
    "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman",
}  # fmt: skip
_STYLES: Mapping[str, str] = {
    "lower-alpha": "lowerLetter", "upper-alpha": "upperLetter", "lower-latin": "lowerLetter",
    "upper-latin": "upperLetter", "lower-roman": "lowerRoman", "upper-roman": "upperRoman",
    "decimal": "decimal", "decimal-leading-zero": "decimalZero",
}  # fmt: skip


def item_marker(item: etree._Element, declared: Declarations) -> str:
    """Return what stands before an item, with a space; `declared` is the style of its list."""
    parent = item.getparent()
    if parent is None or parent.tag != "ol":
        return "- "
    style = value_of(declared, "list-style-type") or value_of(declared, "list-style")
    form = next((_STYLES[word] for word in style.split() if word in _STYLES), "")
    return f"{ordinal(_number(item, parent), form or _TYPES.get(parent.get('type', ''), ''))}. "


def _number(item: etree._Element, parent: etree._Element) -> int:
    """Return the number of an item: its own, or counted from the last that has one."""
    step = -1 if "reversed" in parent.attrib else 1
    before = 0
    for other in (item, *item.itersiblings("li", preceding=True)):
        own = _integer(other.get("value"))
        if own is not None:
            return own + step * before
        before += 1
    first = _integer(parent.get("start"))
    if first is None:
        first = 1 if step > 0 else sum(1 for _ in parent.iterchildren("li"))
    return first + step * (before - 1)


def _integer(value: str | None) -> int | None:
    text = (value or "").strip()
    return int(text) if text.isdecimal() and len(text) < 7 else None
