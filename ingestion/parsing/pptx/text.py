"""The text inside the shapes of a slide: paragraphs and list items with their numbers."""

import re
from collections.abc import Iterator

from lxml import etree

from ingestion.parsing.archive import local_name
from ingestion.parsing.document import Block
from ingestion.parsing.office.equations import equation_text
from ingestion.parsing.ooxml import child, children, chosen
from ingestion.parsing.text.normalise import clean_block
from ingestion.parsing.text.ordinals import ordinal
from ingestion.parsing.text.symbol_fonts import is_symbol_font, symbol_text

_NUMBERS = re.compile(r"(alphaLc|alphaUc|romanLc|romanUc|arabic)(ParenBoth|ParenR|Period|Plain)")
_NUMBER_FORMS = {
    "alphaLc": "lowerLetter", "alphaUc": "upperLetter", "romanLc": "lowerRoman",
    "romanUc": "upperRoman", "arabic": "decimal",
}  # fmt: skip
_NUMBER_SIGNS = {"ParenBoth": "({})", "ParenR": "{})", "Period": "{}.", "Plain": "{}"}
_LONE_SYMBOL = re.compile(r"(?<!\w)[\x80-\xff\uf020-\uf0ff](?!\w)")


def text_blocks(body: etree._Element, placeholder: str | None) -> Iterator[Block]:
    """Yield the paragraphs of a text; those of a body of the layout are list items."""
    counts: dict[int, int] = {}
    for item in children(body, "p"):
        text = clean_block(paragraph_text(item))
        if not text:
            continue
        properties = child(item, "pPr")
        level = int(properties.get("lvl") or 0) if properties is not None else 0
        marker = _marker(properties, placeholder, level)
        counts = {depth: count for depth, count in counts.items() if depth <= level}
        scheme = child(properties, "buAutoNum") if marker == "#" else None
        counts[level] = counts.get(level, _first_number(scheme) - 1) + 1 if marker == "#" else 0
        if scheme is not None:
            marker = _number_marker(counts[level], scheme.get("type") or "")
        if marker:
            yield Block("list_item", f"{'  ' * level}{marker} {text}", level + 1)
        else:
            yield Block("paragraph", text)


def _first_number(scheme: etree._Element | None) -> int:
    given = (scheme.get("startAt") or "") if scheme is not None else ""
    return int(given) if given.isdecimal() else 1


def _number_marker(number: int, scheme: str) -> str:
    """Return a number in a scheme like "alphaLcParenR" (ECMA-376-1, 20.1.10.61): "c)"."""
    match = _NUMBERS.fullmatch(scheme)
    if match is None:
        return f"{number}."
    form, signs = match.groups()
    return _NUMBER_SIGNS[signs].format(ordinal(number, _NUMBER_FORMS[form]))


def _marker(properties: etree._Element | None, placeholder: str | None, level: int) -> str:
    """Return "-" for a bullet, "#" for a number, "" for none."""
    if properties is not None:
        if child(properties, "buNone") is not None:
            return ""
        if child(properties, "buAutoNum") is not None:
            return "#"
        if child(properties, "buChar") is not None:
            return "-"
    return "-" if placeholder == "body" or level > 0 else ""


def paragraph_text(paragraph: etree._Element) -> str:
    """Return the text of a paragraph."""
    parts: list[str] = []
    for item in paragraph:
        name = local_name(item)
        if name == "t":
            parts.append(_run_text(item))
        elif name == "br":
            parts.append("\n")
        elif name == "tab":
            parts.append(" ")
        elif name in ("oMath", "oMathPara"):
            parts.append(equation_text(item))
        elif name == "AlternateContent":
            branch = chosen(item)
            parts.append(paragraph_text(branch) if branch is not None else "")
        else:
            parts.append(paragraph_text(item))
    return "".join(parts)


def _run_text(item: etree._Element) -> str:
    """Return the text of a run. The font for symbols, which PowerPoint gives to the arrows that it
    makes of "-->", concerns characters beyond ASCII that stand alone."""
    text = item.text or ""
    run = item.getparent()
    properties = child(run, "rPr")
    if properties is None or not len(properties):
        return text
    latin, symbols = _typeface(properties, "latin"), _typeface(properties, "sym")
    if is_symbol_font(latin):
        return symbol_text(text, latin)
    if is_symbol_font(symbols):
        return _LONE_SYMBOL.sub(lambda match: symbol_text(match.group(), symbols), text)
    return text


def _typeface(properties: etree._Element, name: str) -> str:
    found = child(properties, name)
    return (found.get("typeface") or "") if found is not None else ""
