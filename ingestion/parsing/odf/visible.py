"""OpenDocument text as it is shown: hidden paragraphs, spans, sections and shapes go, letters of
symbol fonts become the symbols (OpenDocument 1.3, 16.29.15, 19.856)."""

import re
from dataclasses import dataclass, field, replace

from lxml import etree

from ingestion.parse_warnings import WarningCode
from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.ooxml import child, descendants
from ingestion.parsing.text.symbol_fonts import is_symbol_font, symbol_text
from ingestion.parsing.text.visibility import MAX_TINY_POINTS, WHITE, Colour, colour_of, look_alike

_MAX_CHAIN = 20
_NO_GROUND = (None, "transparent")
_HIDEABLE = frozenset({"p", "h", "span", "a"})
_SHAPES = (
    "{*}frame", "{*}custom-shape", "{*}g", "{*}rect", "{*}ellipse", "{*}circle", "{*}line",
    "{*}connector", "{*}polygon", "{*}polyline", "{*}path", "{*}caption", "{*}text-box",
)  # fmt: skip
_STYLED = ("{*}p", "{*}h", "{*}span", "{*}a", "{*}table-cell", *_SHAPES)
# They may have any colour, and lie over others.
_DRAWN = frozenset(name.removeprefix("{*}") for name in _SHAPES)
# Frames and text boxes have no colour of their own unless their style gives one.
_UNFILLED = frozenset({"frame", "text-box", "g"})
_FILLED = tuple(name for name in _SHAPES if name.removeprefix("{*}") not in _UNFILLED)
_MARKED = (
    "{*}text-properties", "{*}paragraph-properties", "{*}table-cell-properties", "{*}font-face",
)  # fmt: skip
_POINTS = re.compile(r"(\d+(?:\.\d+)?)pt")


@dataclass(frozen=True, slots=True)
class _Look:
    """What a style says of its text; None where it says nothing."""

    hidden: bool | None = None
    font: str | None = None
    colour: str | None = None
    ground: str | None = None
    points: float | None = None
    # How a shape or a slide is filled: "none", "solid", "gradient"...
    fill: str | None = None

    @property
    def is_tiny(self) -> bool:
        return self.points is not None and self.points <= MAX_TINY_POINTS

    def over(self, below: "_Look") -> "_Look":
        """Return this look, completed by that of the style that it is based on."""
        return _Look(
            below.hidden if self.hidden is None else self.hidden,
            below.font if self.font is None else self.font,
            below.colour if self.colour is None else self.colour,
            below.ground if self.ground is None else self.ground,
            below.points if self.points is None else self.points,
            below.fill if self.fill is None else self.fill,
        )


@dataclass(slots=True)
class _Styles:
    looks: dict[str, _Look] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    page_ground: str = "white"
    # The style of each master of slides; "" where something is drawn on it.
    masters: dict[str, str] = field(default_factory=dict)

    def add(self, root: etree._Element) -> None:
        fonts = {
            attribute(face, "name") or "": (attribute(face, "font-family") or "").strip("'\"")
            for face in descendants(root, "font-face")
        }
        for style in descendants(root, "style"):
            name = attribute(style, "name") or ""
            self.looks[name] = _look(style, fonts)
            self.parents[name] = attribute(style, "parent-style-name") or ""
        for master in descendants(root, "master-page"):
            is_plain = next(master.iter("{*}image", *_FILLED), None) is None
            style = attribute(master, "style-name") or ""
            self.masters[attribute(master, "name") or ""] = style if is_plain else ""
        for layout in descendants(root, "page-layout-properties"):
            ground = attribute(layout, "background-color")
            if ground not in _NO_GROUND:
                self.page_ground = ground

    def of(self, name: str) -> _Look:
        look = _Look()
        for _ in range(_MAX_CHAIN):
            own = self.looks.get(name)
            if own is None:
                break
            look = look.over(own)
            name = self.parents[name]
        return look


def show_text(content: etree._Element, styles: etree._Element | None) -> frozenset[WarningCode]:
    """Make of the content, in place, what a reader sees; return what a reader must know."""
    roots = [root for root in (styles, content) if root is not None]
    body = child(content, "body")
    if body is None:
        return frozenset()
    layers = _hidden_layers(styles)
    doomed = [item for item in body.iter("{*}section", *_SHAPES) if _is_hidden(item, layers)]
    doomed += _hidden_fields(body)
    found: set[WarningCode] = set()
    if any(_has_marks(root) for root in roots):
        known = _Styles()
        for root in roots:
            known.add(root)
        for item in list(body.iter(*_STYLED)):
            look = known.of(attribute(item, "style-name") or "")
            if local_name(item) in _DRAWN and _letters_have_styles(item, known):
                continue
            if look.hidden and local_name(item) in _HIDEABLE:
                doomed.append(item)
            elif WarningCode.INVISIBLE_TEXT not in found and _is_invisible(item, look, known):
                found.add(WarningCode.INVISIBLE_TEXT)
            if look.font is not None:
                _show_symbols(item, look.font)
    for item in doomed:
        if _has_text(item):
            found.add(WarningCode.HIDDEN_TEXT)
        _remove(item)
    return frozenset(found)


def _has_marks(root: etree._Element) -> bool:
    """Tell whether any style hides or changes text: in most files none does."""
    return any(
        (value == "none" and str(key).endswith("}display"))
        or (str(key).endswith("}color") and look_alike(colour_of(value), WHITE))
        or (str(key).endswith("}background-color") and value != "transparent")
        or (str(key).endswith("}font-size") and _Look(points=_points(value)).is_tiny)
        or is_symbol_font(value.strip("'\""))
        for item in root.iter(*_MARKED)
        for key, value in item.attrib.items()
    )


def _look(style: etree._Element, fonts: dict[str, str]) -> _Look:
    grounds = [attribute(properties, "background-color") for properties in style]
    fills = [attribute(properties, "fill") for properties in style]
    fill = next((fill for fill in fills if fill is not None), None)
    if fill == "solid":
        grounds = [attribute(properties, "fill-color") for properties in style]
    ground = next((ground for ground in grounds if ground not in _NO_GROUND), None)
    look = _Look(ground=ground, fill=fill)
    properties = child(style, "text-properties")
    if properties is None:
        return look
    display = attribute(properties, "display")
    if display is not None:
        look = replace(look, hidden=display == "none")
    name = attribute(properties, "font-name") or ""
    font = fonts.get(name) or (attribute(properties, "font-family") or name).strip("'\"")
    if is_symbol_font(font):
        look = replace(look, font=font)
    points = _points(attribute(properties, "font-size") or "")
    return replace(look, colour=attribute(properties, "color"), points=points)


def _points(size: str) -> float | None:
    match = _POINTS.fullmatch(size)
    return float(match.group(1)) if match else None


def _is_invisible(item: etree._Element, look: _Look, styles: _Styles) -> bool:
    """Tell whether the letters of an element are too small, or look like what is behind them."""
    if look.is_tiny:
        return _has_text(item)
    colour = colour_of(look.colour)
    if colour is None:
        return False
    return look_alike(colour, _ground_of(item, look, styles)) and _has_text(item)


def _letters_have_styles(shape: etree._Element, styles: _Styles) -> bool:
    """Tell whether the paragraphs of a shape do not take the colour of letters from it."""
    names = (attribute(item, "style-name") or "" for item in shape.iter("{*}p", "{*}h", "{*}span"))
    return any(styles.of(name).colour for name in names)


def _ground_of(item: etree._Element, look: _Look, styles: _Styles) -> Colour | None:
    """Return the colour behind the letters of an element, None if it cannot be told."""
    found: etree._Element | None = item
    while found is not None:
        look = look if found is item else styles.of(attribute(found, "style-name") or "")
        name = local_name(found)
        if look.fill not in (None, "none", "solid"):
            return None
        if look.ground is not None:
            return colour_of(look.ground)
        may_be_filled = look.fill is None and name not in _UNFILLED
        if name in _DRAWN and (may_be_filled or not _is_alone(found)):
            return None
        if name == "page":
            return _master_ground(attribute(found, "master-page-name"), styles)
        found = found.getparent()
    return colour_of(styles.page_ground)


def _master_ground(name: str | None, styles: _Styles) -> Colour | None:
    """Return the colour of a slide that only its master gives one."""
    style = styles.masters.get(name or "", None if name is None else "")
    if style is None:
        return colour_of(styles.page_ground)
    look = styles.of(style)
    if not style or look.fill not in (None, "none", "solid"):
        return None
    return colour_of(look.ground or styles.page_ground)


def _is_alone(shape: etree._Element) -> bool:
    """Tell whether nothing else is drawn on the page or slide, over which a shape could stand."""
    page = next(shape.iterancestors("{*}page", "{*}body"), None)
    outer = [shape, *shape.iterancestors()]
    others = page.iter("{*}image", *_FILLED) if page is not None else ()
    return not any(other not in outer for other in others)


def _hidden_layers(styles: etree._Element | None) -> set[str | None]:
    """Return the names of the layers of drawings that are switched off."""
    return {
        attribute(layer, "name")
        for layer in (styles.iter("{*}layer") if styles is not None else ())
        if attribute(layer, "display") == "none"
    }


def _is_hidden(item: etree._Element, layers: set[str | None]) -> bool:
    display = attribute(item, "display")
    if display == "condition":
        return attribute(item, "is-hidden") == "true"
    return display == "none" or (bool(layers) and attribute(item, "layer") in layers)


def _hidden_fields(body: etree._Element) -> list[etree._Element]:
    """Return hidden-text fields, and the paragraphs that hold a hidden-paragraph field."""
    found: list[etree._Element] = []
    for item in body.iter("{*}hidden-text", "{*}hidden-paragraph"):
        if attribute(item, "is-hidden") != "true":
            continue
        if local_name(item) == "hidden-text":
            found.append(item)
        else:
            found += [around for around in item.iterancestors("{*}p", "{*}h")][:1]
    return found


def _has_text(item: etree._Element) -> bool:
    return any(text.strip() for text in item.itertext())


def _show_symbols(item: etree._Element, font: str) -> None:
    item.text = symbol_text(item.text or "", font)
    for inner in item:
        inner.tail = symbol_text(inner.tail or "", font)


def _remove(item: etree._Element) -> None:
    """Take an element out of its parent, but not the text that follows it."""
    parent = item.getparent()
    if parent is None:
        return
    before = item.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + (item.tail or "")
    else:
        parent.text = (parent.text or "") + (item.tail or "")
    parent.remove(item)
