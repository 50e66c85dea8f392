"""What colour is behind a run of Word: its own shade, its paragraph's, its cell's or the page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from lxml import etree

from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.office.colours import ThemeColours, drawn_colour, usual_colours
from ingestion.parsing.ooxml import child, children, value_at
from ingestion.parsing.text.visibility import Colour, colour_of

# Where a shade may be given behind a run, by the element that has it.
_SHADES = (("rPr", "highlight"), ("rPr", "shd"), ("pPr", "shd"), ("tcPr", "shd"), ("tblPr", "shd"))
_STYLES = (("rPr", "rStyle"), ("pPr", "pStyle"))
_BOXES = ("txbxContent", "textbox")
_DRAWN = ("{*}wsp", "{*}pic", "{*}imagedata", "{*}background")
_MAX_CHAIN = 20
_NO_SHADE = frozenset({"", "auto", "none", "nil"})


@dataclass(slots=True)
class Grounds:
    """What the styles and the theme of a document say of the colours behind runs."""

    names: ThemeColours = field(default_factory=partial(usual_colours, None))
    _tables: frozenset[str] = frozenset()
    _shades: dict[str, str] = field(default_factory=dict)
    _default: str = ""

    @classmethod
    def read(cls, styles: etree._Element, names: ThemeColours) -> "Grounds":
        """Return what a `styles.xml` part says."""
        found = cls(names, _shading_table_styles(styles))
        own = {attribute(style, "styleId") or "": style for style in children(styles, "style")}
        for name, style in own.items():
            if shade := _inherited_shade(style, own):
                found._shades[name] = shade
            is_default = attribute(style, "default") in ("1", "true")
            if is_default and attribute(style, "type") == "paragraph":
                found._default = name
        return found

    def behind(self, run: etree._Element, page: Colour | None) -> Colour | None:
        """Return the colour behind a run: that of the page if nothing is between, None if unknown.

        Tables whose style gives cells a colour may have any.
        """
        for element in (run, *run.iterancestors()):
            if local_name(element) in _BOXES:
                return self._box_ground(element, page)
            fill = self._shade(element)
            if fill not in _NO_SHADE:
                return colour_of(fill)
            if value_at(element, "tblPr", "tblStyle") in self._tables:
                return None
        return page

    def _shade(self, element: etree._Element) -> str:
        for path in _SHADES:
            shade = child(element, *path)
            if shade is not None:
                return _fill(shade)
        name = next((found for path in _STYLES if (found := value_at(element, *path))), "")
        if not name and local_name(element) == "p":
            name = self._default
        return self._shades.get(name, "")

    def _box_ground(self, box: etree._Element, page: Colour | None) -> Colour | None:
        """Return the colour of the shape that a text box is in."""
        for shape in box.iterancestors():
            name = local_name(shape)
            if name == "wsp":
                fill = _own_fill(shape)
                if fill is None:
                    return page if _is_alone(shape) else None
                is_solid = local_name(fill) == "solidFill" and len(fill)
                return drawn_colour(fill[0], self.names) if is_solid else None
            if name in ("shape", "rect", "roundrect", "oval"):
                is_filled = (shape.get("filled") or "t")[:1] not in ("f", "0")
                return colour_of(shape.get("fillcolor") or "white") if is_filled else None
        return None


def _own_fill(shape: etree._Element) -> etree._Element | None:
    """Return the fill of a shape, None if it has none."""
    properties = child(shape, "spPr")
    for item in properties if properties is not None else ():
        if local_name(item).endswith("Fill"):
            return None if local_name(item) == "noFill" else item
    reference = child(shape, "style", "fillRef")
    return reference if reference is not None and reference.get("idx") != "0" else None


def _is_alone(shape: etree._Element) -> bool:
    """Tell whether nothing else is drawn in a part, over which a shape could stand."""
    return sum(1 for _ in shape.getroottree().getroot().iter(*_DRAWN)) == 1


def _inherited_shade(style: etree._Element, styles: Mapping[str, etree._Element]) -> str:
    """Return the shade of a style of paragraphs or characters, or of one that it is based on."""
    if attribute(style, "type") == "table":
        return ""
    found: etree._Element | None = style
    for _ in range(_MAX_CHAIN):
        if found is None:
            break
        for path in _SHADES[:3]:
            shade = child(found, *path)
            if shade is not None:
                return _fill(shade)
        found = styles.get(value_at(found, "basedOn") or "")
    return ""


def _shading_table_styles(styles: etree._Element) -> frozenset[str]:
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
