"""Colours of Office files, which a theme names and others make lighter, darker or transparent
(DrawingML, ECMA-376-1, 20.1.2.3)."""

import colorsys
from collections.abc import Mapping

from lxml import etree

from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.ooxml import child
from ingestion.parsing.text.visibility import BLACK, WHITE, Colour, colour_of

ThemeColours = Mapping[str, Colour | None]

# The usual map of the names that documents use to those of the theme.
_USUAL_NAMES: Mapping[str, str] = {"bg1": "lt1", "tx1": "dk1", "bg2": "lt2", "tx2": "dk2"}
_WHOLE = 100_000
_MAX_SEE_THROUGH = 0.05
_FULL = 255
# Angles are in 60,000ths of a degree.
_FULL_TURN = 360 * 60_000


def theme_colours(theme: etree._Element | None) -> dict[str, Colour | None]:
    """Return the colours of a theme by their names ("lt1", "accent3"); white and black of none."""
    scheme = child(theme, "themeElements", "clrScheme")
    return {"lt1": WHITE, "dk1": BLACK} | {
        local_name(entry): colour_of(entry[0].get("lastClr") or entry[0].get("val"))
        for entry in (scheme if scheme is not None else ())
        if len(entry)
    }


def usual_colours(theme: etree._Element | None) -> ThemeColours:
    """Return the colours of a theme under their usual names in documents too."""
    return renamed(theme_colours(theme), _USUAL_NAMES)


def renamed(colours: ThemeColours, names: Mapping[str, str]) -> ThemeColours:
    """Return the colours under other names too."""
    return {**colours, **{name: colours.get(known) for name, known in names.items()}}


def drawn_colour(element: etree._Element, names: ThemeColours) -> Colour | None:
    """Return the colour that a `srgbClr`, `schemeClr`... stands for; None if it cannot be told, or
    lets others show through."""
    colour = _base_colour(element, names)
    for change in element:
        colour = _changed(colour, local_name(change), _share(attribute(change, "val")))
    return colour


def is_see_through(fill: etree._Element) -> bool:
    """Tell whether a fill is one colour that is as good as transparent."""
    opacity = child(fill[0], "alpha") if len(fill) else None
    share = _share(attribute(opacity, "val")) if opacity is not None else None
    return share is not None and share <= _MAX_SEE_THROUGH


def with_luminance(colour: Colour | None, factor: float, offset: float = 0.0) -> Colour | None:
    """Return a colour whose luminance is multiplied and moved (0 is black, 1 is white)."""
    if colour is None:
        return None
    hue, light, saturation = colorsys.rgb_to_hls(*(part / _FULL for part in colour))
    light = min(max(light * factor + offset, 0.0), 1.0)
    return _rounded(*colorsys.hls_to_rgb(hue, light, saturation))


def _base_colour(element: etree._Element, names: ThemeColours) -> Colour | None:
    name = local_name(element)
    value = attribute(element, "val") or ""
    if name == "schemeClr":
        return names.get(value)
    if name == "scrgbClr":
        red, green, blue = (_share(element.get(key)) for key in "rgb")
        if red is None or green is None or blue is None:
            return None
        return _rounded(_gamma(red), _gamma(green), _gamma(blue))
    if name == "hslClr":
        hue = element.get("hue") or ""
        saturation, light = _share(element.get("sat")), _share(element.get("lum"))
        if not hue.isdecimal() or saturation is None or light is None:
            return None
        return _rounded(*colorsys.hls_to_rgb(int(hue) / _FULL_TURN, light, saturation))
    return colour_of(element.get("lastClr") or value)


def _changed(colour: Colour | None, name: str, share: float | None) -> Colour | None:
    """Return a colour after one of the changes that are listed in it."""
    if colour is None or share is None:
        return None
    if name == "lumMod":
        return with_luminance(colour, share)
    if name == "lumOff":
        return with_luminance(colour, 1.0, share)
    if name == "tint":
        return _rounded(*(1 - (1 - part / _FULL) * share for part in colour))
    if name == "shade":
        return _rounded(*(part / _FULL * share for part in colour))
    return colour if name == "alpha" and share >= 1 else None


def _share(value: str | None) -> float | None:
    """Return "50000" or "50%" as 0.5, None for what is no percentage."""
    text = value or ""
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text) / _WHOLE
    except ValueError:
        return None


def _gamma(linear: float) -> float:
    """Return a share of linear light as that of sRGB (IEC 61966-2-1)."""
    if linear <= 0.0031308:
        return max(linear, 0.0) * 12.92
    return float(1.055 * min(linear, 1.0) ** (1 / 2.4) - 0.055)


def _rounded(red: float, green: float, blue: float) -> Colour:
    return round(red * _FULL), round(green * _FULL), round(blue * _FULL)
