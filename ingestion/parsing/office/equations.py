"""Equations of Office files (Office Math, ECMA-376-1, 22.1) on one line: "∑_(i=1)^n x_i^2"."""

from collections.abc import Callable, Mapping

from lxml import etree

from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.ooxml import child, children
from ingestion.parsing.text.normalise import one_line

_MAX_DEPTH = 50
_IGNORED = frozenset({"del", "moveFrom", "rPr"})


def equation_text(equation: etree._Element) -> str:
    """Return an equation (m:oMath, or m:oMathPara of several) as people type it on one line."""
    return one_line(_linear(equation, 0))


def _linear(element: etree._Element | None, depth: int) -> str:
    if element is None or depth > _MAX_DEPTH:
        return ""
    name = local_name(element)
    if name == "t":
        return element.text or ""
    if name in _IGNORED or (name.endswith("Pr") and name != "sPre"):
        return ""
    if name in _SHAPES:
        return _SHAPES[name](element, depth + 1)
    separator = " " if name == "oMathPara" else ""
    return separator.join(_linear(item, depth + 1) for item in element)


def _part(element: etree._Element, name: str, depth: int) -> str:
    return _linear(child(element, name), depth).strip()


def _grouped(text: str) -> str:
    """Return `text` in brackets unless it is one number, word or bracket."""
    is_one = text.isalnum() or (text[:1] in "([{" and text[-1:] in ")]}")
    return text if is_one or len(text) < 2 else f"({text})"


def _property(element: etree._Element, name: str, default: str) -> str:
    """Return a character that the properties of an element give; it may be none at all."""
    properties = next((item for item in element if local_name(item).endswith("Pr")), None)
    found = child(properties, name)
    return default if found is None else attribute(found, "val") or ""


def _scripts(element: etree._Element, depth: int) -> str:
    """Return what stands below and above, or before, the base."""
    below, above = _part(element, "sub", depth), _part(element, "sup", depth)
    text = f"_{_grouped(below)}" if below else ""
    return text + (f"^{_grouped(above)}" if above else "")


def _scripted(element: etree._Element, depth: int) -> str:
    return _grouped(_part(element, "e", depth)) + _scripts(element, depth)


def _before(element: etree._Element, depth: int) -> str:
    return _scripts(element, depth) + _part(element, "e", depth)


def _fraction(element: etree._Element, depth: int) -> str:
    above, below = _part(element, "num", depth), _part(element, "den", depth)
    return f"{_grouped(above)}/{_grouped(below)}"


def _root(element: etree._Element, depth: int) -> str:
    return f"{_part(element, 'deg', depth)}√{_grouped(_part(element, 'e', depth))}"


def _operator(element: etree._Element, depth: int) -> str:
    sign = _property(element, "chr", "∫")
    return f"{sign}{_scripts(element, depth)} {_part(element, 'e', depth)}"


def _delimited(element: etree._Element, depth: int) -> str:
    inside = _property(element, "sepChr", "|").join(
        _linear(item, depth).strip() for item in children(element, "e")
    )
    return f"{_property(element, 'begChr', '(')}{inside}{_property(element, 'endChr', ')')}"


def _function(element: etree._Element, depth: int) -> str:
    name, argument = _part(element, "fName", depth), _part(element, "e", depth)
    return f"{name}{argument if argument[:1] in '([{' else f' {argument}'}"


def _limit_below(element: etree._Element, depth: int) -> str:
    return f"{_part(element, 'e', depth)}_{_grouped(_part(element, 'lim', depth))}"


def _limit_above(element: etree._Element, depth: int) -> str:
    return f"{_part(element, 'e', depth)}^{_grouped(_part(element, 'lim', depth))}"


def _accent(element: etree._Element, depth: int) -> str:
    return _part(element, "e", depth) + _property(element, "chr", "\u0302")


def _matrix(element: etree._Element, depth: int) -> str:
    rows = (
        ", ".join(_linear(item, depth).strip() for item in children(row, "e"))
        for row in children(element, "mr")
    )
    return "; ".join(rows)


def _lines(element: etree._Element, depth: int) -> str:
    return "; ".join(_linear(item, depth).strip() for item in children(element, "e"))


_SHAPES: Mapping[str, Callable[[etree._Element, int], str]] = {
    "sSup": _scripted, "sSub": _scripted, "sSubSup": _scripted, "sPre": _before, "f": _fraction,
    "rad": _root, "nary": _operator, "d": _delimited, "func": _function, "limLow": _limit_below,
    "limUpp": _limit_above, "acc": _accent, "m": _matrix, "eqArr": _lines,
}  # fmt: skip
