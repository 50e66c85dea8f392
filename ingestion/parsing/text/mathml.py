"""Formulas in MathML (OpenDocument, HTML, EPUB) on one line: "E = mc^2"."""

from collections.abc import Mapping

from lxml import etree

from ingestion.parsing.archive import local_name
from ingestion.parsing.text.normalise import one_line

# Operators that stand between what they join; the others cling to what they belong to.
_SPACED = frozenset("=≠≈≡<>≤≥≪≫±∓+−-×÷∈∉⊂⊆∪∩∧∨→⇒⇔↦∝")
_LEAVES = frozenset({"mi", "mn", "mo", "mtext", "ms"})
_IGNORED = frozenset({"annotation", "annotation-xml", "mphantom"})
# What stands before the second and the third child.
_MARKS: Mapping[str, tuple[str, ...]] = {
    "msup": ("^",),
    "msub": ("_",),
    "msubsup": ("_", "^"),
    "munder": ("_",),
    "mover": ("^",),
    "munderover": ("_", "^"),
    "mfrac": ("/",),
    "mroot": ("^1/",),
}


def formula_text(formula: etree._Element) -> str:
    """Return a formula on one line; as its author wrote it, where MathML does not tell."""
    text = one_line(_linear(formula))
    if text:
        return text
    source = next(formula.iter("{*}annotation"), None)
    return one_line(source.text or "") if source is not None else ""


def _linear(element: etree._Element) -> str:
    name = local_name(element)
    if name in _IGNORED:
        return ""
    if name in _LEAVES:
        text = (element.text or "").strip()
        return f" {text} " if name == "mo" and text in _SPACED else text
    parts = [_linear(item) for item in element]
    if name in _MARKS and parts:
        marks = _MARKS[name]
        return parts[0].strip() + "".join(
            mark + _grouped(part) for mark, part in zip(marks, parts[1:], strict=False)
        )
    if name == "msqrt":
        return f"√{_grouped(''.join(parts))}"
    if name == "mfenced":
        inside = ", ".join(part.strip() for part in parts)
        return f"{element.get('open', '(')}{inside}{element.get('close', ')')}"
    if name in ("mtr", "mtd"):
        return "".join(parts) + " "
    return "".join(parts)


def _grouped(text: str) -> str:
    text = text.strip()
    return f"({text})" if " " in text else text
