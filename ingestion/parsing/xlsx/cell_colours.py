"""Colours of letters and cells (ECMA-376-1, 18.8.19): by value, of the theme, of the palette."""

from collections.abc import Mapping

from lxml import etree

from ingestion.parsing.archive import attribute
from ingestion.parsing.office.colours import theme_colours, with_luminance
from ingestion.parsing.ooxml import child
from ingestion.parsing.text.visibility import BLACK, WHITE, Colour, colour_of

# The colours of a theme by their numbers; white and black change places (18.8.3).
_THEME_NAMES = (
    "lt1", "dk1", "lt2", "dk2", "accent1", "accent2", "accent3", "accent4", "accent5", "accent6",
    "hlink", "folHlink",
)  # fmt: skip
# Of the old palette (18.8.27) those that are white or black.
_INDEXED: Mapping[str, Colour] = {
    **dict.fromkeys(("0", "8", "64"), BLACK),
    **dict.fromkeys(("1", "9", "65"), WHITE),
}


class CellColours:
    """The colours of a workbook with this theme."""

    def __init__(self, theme: etree._Element | None) -> None:
        self._theme = theme_colours(theme)

    def of(self, color: etree._Element | None) -> Colour | None:
        """Return what a colour stands for, None if it cannot be told."""
        if color is None:
            return None
        return _tinted(self._plain(color), color.get("tint") or "0")

    def fill(self, fill: etree._Element) -> Colour | None:
        """Return the colour of a cell, white without a fill, None if it cannot be told."""
        if child(fill, "gradientFill") is not None:
            return None
        pattern = child(fill, "patternFill")
        kind = attribute(pattern, "patternType") if pattern is not None else None
        if kind in (None, "none"):
            return WHITE
        return self.of(child(pattern, "fgColor")) if kind == "solid" else None

    def _plain(self, color: etree._Element) -> Colour | None:
        if rgb := attribute(color, "rgb"):
            return colour_of(rgb[-6:])
        number = attribute(color, "theme") or ""
        if number.isdecimal() and int(number) < len(_THEME_NAMES):
            return self._theme.get(_THEME_NAMES[int(number)])
        return _INDEXED.get(attribute(color, "indexed") or "")


def _tinted(colour: Colour | None, tint: str) -> Colour | None:
    """Return a colour made lighter (up to 1) or darker (down to -1)."""
    try:
        share = float(tint)
    except ValueError:
        return None
    if not -1 <= share <= 1:
        return None
    return with_luminance(colour, 1 - abs(share), max(share, 0.0))
