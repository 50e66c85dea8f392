"""Letters that nobody can see: in the colour of what is behind them, or too small."""

import colorsys
import re
from collections.abc import Mapping

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
# Letters up to this size are specks. Footnotes begin at five points.
MAX_TINY_POINTS = 2.0
# The largest difference of a channel at which letters cannot be told from what is behind them.
_MAX_DIFFERENCE = 16
_HEX = re.compile(r"#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})(?:ff)?", re.I)
_SHORT_HEX = re.compile(r"#([0-9a-f])([0-9a-f])([0-9a-f])", re.I)
_RGB = re.compile(
    r"rgba?\(\s*(\d{1,3})\s*[,\s]\s*(\d{1,3})\s*[,\s]\s*(\d{1,3})\s*(?:[,/]\s*(?:1|1\.0+|100%)\s*)?\)",
    re.I,
)
_SHARES = re.compile(
    r"rgba?\(\s*([\d.]{1,8})%\s*[,\s]\s*([\d.]{1,8})%\s*[,\s]\s*([\d.]{1,8})%\s*"
    r"(?:[,/]\s*(?:1|1\.0+|100%)\s*)?\)",
    re.I,
)
_HSL = re.compile(
    r"hsla?\(\s*([\d.]{1,8})(?:deg)?\s*[,\s]\s*([\d.]{1,8})%\s*[,\s]\s*([\d.]{1,8})%\s*"
    r"(?:[,/]\s*(?:1|1\.0+|100%)\s*)?\)",
    re.I,
)
# The names that Word, HTML and CSS share, and the names of CSS that are nearly white.
_NAMED: Mapping[str, Colour] = {
    "white": WHITE, "black": BLACK, "yellow": (255, 255, 0), "red": (255, 0, 0),
    "blue": (0, 0, 255), "green": (0, 128, 0), "lime": (0, 255, 0), "cyan": (0, 255, 255),
    "aqua": (0, 255, 255), "magenta": (255, 0, 255), "fuchsia": (255, 0, 255),
    "gray": (128, 128, 128), "grey": (128, 128, 128), "silver": (192, 192, 192),
    "navy": (0, 0, 128), "maroon": (128, 0, 0), "snow": (255, 250, 250), "ivory": (255, 255, 240),
    "ghostwhite": (248, 248, 255), "floralwhite": (255, 250, 240), "whitesmoke": (245, 245, 245),
    "azure": (240, 255, 255), "mintcream": (245, 255, 250),
}  # fmt: skip


def colour_of(text: str | None) -> Colour | None:
    """Return the colour that "FFFFFF", "#fff", "rgb(255, 255, 255)" or "white" stands for; None for
    what is none, or lets others show through."""
    text = (text or "").strip().lower()
    if match := _HEX.fullmatch(text):
        red, green, blue = (int(part, 16) for part in match.groups())
        return red, green, blue
    if match := _SHORT_HEX.fullmatch(text):
        red, green, blue = (int(part * 2, 16) for part in match.groups())
        return red, green, blue
    if match := _RGB.fullmatch(text):
        red, green, blue = (min(int(part), 255) for part in match.groups())
        return red, green, blue
    return _NAMED.get(text) or _by_shares(text)


def _by_shares(text: str) -> Colour | None:
    """Return "rgb(100%, 100%, 100%)" or "hsl(0, 0%, 100%)" as a colour."""
    try:
        if match := _SHARES.fullmatch(text):
            red, green, blue = (float(part) / 100 for part in match.groups())
        elif match := _HSL.fullmatch(text):
            hue, saturation, light = (float(part) for part in match.groups())
            red, green, blue = colorsys.hls_to_rgb(hue % 360 / 360, light / 100, saturation / 100)
        else:
            return None
    except ValueError:
        return None
    return min(round(red * 255), 255), min(round(green * 255), 255), min(round(blue * 255), 255)


def look_alike(one: Colour | None, other: Colour | None) -> bool:
    """Tell whether letters in one colour vanish on the other; unknown colours never do."""
    if one is None or other is None:
        return False
    return all(abs(a - b) <= _MAX_DIFFERENCE for a, b in zip(one, other, strict=True))
