"""How the letters of a shape look: by themselves, or by all that they inherit from."""

from collections.abc import Iterator
from copy import deepcopy

from lxml import etree

from ingestion.parsing.archive import local_name
from ingestion.parsing.ooxml import child, children
from ingestion.parsing.pptx.theme import Fill, SlideTheme
from ingestion.parsing.text.visibility import MAX_TINY_POINTS, Colour, look_alike

_TITLES = frozenset({"title", "ctrTitle"})
_SMALL_PARTS = frozenset({"dt", "ftr", "sldNum", "hdr"})
_MAX_LEVEL = 8


def placeholder(shape: etree._Element) -> etree._Element | None:
    """Return the mark of a shape that fills a place of its layout, None for others."""
    return child(shape, "nvSpPr", "nvPr", "ph")


def inherited_shapes(shape: etree._Element, theme: SlideTheme) -> Iterator[etree._Element]:
    """Yield the shapes of the layout, then of the master, whose place a shape fills."""
    holder = placeholder(shape)
    if holder is None:
        return
    for root in theme.inherited:
        for other in root.iter("{*}sp"):
            mark = placeholder(other)
            if mark is not None and _are_same(holder, mark):
                yield other


def has_invisible_letters(shape: etree._Element, theme: SlideTheme, ground: Colour | None) -> bool:
    """Tell whether some letters of a shape, with this colour behind them, cannot be seen."""
    if local_name(shape) == "graphicFrame":
        return any(
            _has_invisible_runs(cell, theme, _cell_ground(cell, table, theme, ground))
            for table in shape.iter("{*}tbl")
            for cell in table.iter("{*}tc")
        )
    body = child(shape, "txBody")
    if body is None:
        return False
    fills: dict[int, Fill | None] = {}
    return any(
        _has_invisible_runs(paragraph, theme, ground, _inherited(shape, body, theme, level, fills))
        for paragraph in children(body, "p")
        for level in [_level(paragraph)]
    )


def _level(paragraph: etree._Element) -> int:
    """Return the level of a paragraph in its list, from 1."""
    properties = child(paragraph, "pPr")
    level = (properties.get("lvl") or "0") if properties is not None else "0"
    return 1 + (min(int(level), _MAX_LEVEL) if level.isdecimal() else 0)


def _inherited(
    shape: etree._Element,
    body: etree._Element,
    theme: SlideTheme,
    level: int,
    known: dict[int, Fill | None],
) -> Fill | None:
    """Return how letters of a level are filled that do not say it themselves, None if nothing
    does; `known` holds what was found before."""
    if level not in known:
        fills = (theme.fill(item) for item in _letter_styles(shape, body, theme, level))
        known[level] = next((fill for fill in fills if fill is not None), None)
    return known[level]


def _letter_styles(
    shape: etree._Element, body: etree._Element, theme: SlideTheme, level: int
) -> Iterator[etree._Element | None]:
    """Yield the properties that letters inherit, what counts more first."""
    path = (f"lvl{level}pPr", "defRPr")
    yield child(body, "lstStyle", *path)
    for other in inherited_shapes(shape, theme):
        yield child(other, "txBody", "lstStyle", *path)
    mark = placeholder(shape)
    if mark is None:
        yield _as_fill(child(shape, "style", "fontRef"))
        return
    kind = mark.get("type") or "body"
    name = "titleStyle" if kind in _TITLES else "bodyStyle"
    for master in theme.inherited:
        if kind not in _SMALL_PARTS:
            yield child(master, "txStyles", name, *path)


def _as_fill(reference: etree._Element | None) -> etree._Element | None:
    """Return properties with the colour of a reference, None if it has none."""
    if reference is None or not len(reference):
        return None
    properties = etree.Element("properties")
    etree.SubElement(properties, "solidFill").append(deepcopy(reference[0]))
    return properties


def _cell_ground(
    cell: etree._Element, table: etree._Element, theme: SlideTheme, ground: Colour | None
) -> Colour | None:
    fill = theme.fill(child(cell, "tcPr"))
    if fill is not None and fill.is_there:
        return fill.colour
    has_style = child(table, "tblPr", "tableStyleId") is not None
    return None if fill is None and has_style else ground


def _has_invisible_runs(
    body: etree._Element, theme: SlideTheme, ground: Colour | None, inherited: Fill | None = None
) -> bool:
    for run in body.iter("{*}r", "{*}fld"):
        if not any((item.text or "").strip() for item in children(run, "t")):
            continue
        properties = child(run, "rPr")
        size = (properties.get("sz") or "") if properties is not None else ""
        if size.isdecimal() and int(size) <= 100 * MAX_TINY_POINTS:
            return True
        fill = theme.fill(properties) or inherited
        if fill is None:
            continue
        if not fill.is_there and child(properties, "ln") is None:
            return True
        if look_alike(fill.colour, ground):
            return True
    return False


def _are_same(one: etree._Element, other: etree._Element) -> bool:
    if one.get("idx") is not None and one.get("idx") == other.get("idx"):
        return True
    return bool(one.get("type", "body") == other.get("type", "body"))
