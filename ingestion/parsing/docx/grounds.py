"""What colour is behind a run of Word: its own shade, its paragraph's, its cell's or the page."""

from collections.abc import Mapping

from lxml import etree

from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.ooxml import child, children, value_at
from ingestion.parsing.text.visibility import Colour, colour_of

# Where a shade may be given behind a run, by the element that has it.
_SHADES = (("rPr", "highlight"), ("rPr", "shd"), ("pPr", "shd"), ("tcPr", "shd"), ("tblPr", "shd"))
_MAX_CHAIN = 20
_NO_SHADE = frozenset({"", "auto", "none", "nil"})


def ground_of(
    run: etree._Element, page: Colour | None, shaded_tables: frozenset[str]
) -> Colour | None:
    """Return the colour behind a run: that of the page if nothing is between, None if unknown.

    Text boxes, and tables whose style is one of `shaded_tables`, may have any colour.
    """
    for element in (run, *run.iterancestors()):
        if local_name(element) in ("txbxContent", "textbox"):
            return None
        for path in _SHADES:
            shade = child(element, *path)
            fill = _fill(shade) if shade is not None else ""
            if fill not in _NO_SHADE:
                return colour_of(fill)
        if value_at(element, "tblPr", "tblStyle") in shaded_tables:
            return None
    return page


def shading_table_styles(styles: etree._Element) -> frozenset[str]:
    """Return the ids of the table styles that give cells a colour."""
    tables = {
        attribute(style, "styleId") or "": style
        for style in children(styles, "style")
        if attribute(style, "type") == "table"
    }
    return frozenset(name for name in tables if _shades(name, tables))


def _shades(name: str, tables: Mapping[str, etree._Element]) -> bool:
    for _ in range(_MAX_CHAIN):
        style = tables.get(name)
        if style is None:
            return False
        if next(style.iter("{*}shd"), None) is not None:
            return True
        name = value_at(style, "basedOn") or ""
    return True


def _fill(shade: etree._Element) -> str:
    """Return the colour of a shade or highlight (ECMA-376-1, 17.3.2.32, 17.3.2.15)."""
    if local_name(shade) == "highlight":
        return attribute(shade, "val") or ""
    pattern = attribute(shade, "val") or "clear"
    name = "color" if pattern == "solid" else "fill"
    return (attribute(shade, name) or "").lower()
