"""The accent colour of an instance, corrected to be legible.

Contrast and relative luminance as in WCAG 2.2 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio).
"""

import colorsys
from dataclasses import dataclass

MINIMUM_CONTRAST = 4.5
# Background, surface and raised of static/css/shared/tokens.css. The accent is the colour of text
# on them, the background of text (--on-accent), and text on its own colour at 10 % (--accent-soft).
LIGHT_GROUNDS = ("#fbfbfa", "#ffffff", "#f4f3f1")
DARK_GROUNDS = ("#161615", "#1e1e1d", "#292827")
SOFT_SHARE = 0.1
LIGHTNESS_STEP = 0.01


@dataclass(frozen=True)
class Accent:
    """The colour chosen, corrected for each theme."""

    light: str
    dark: str


def accent_for(colour: str) -> Accent:
    """Correct ``#rrggbb`` for both themes: darkened on light grounds, lightened on dark ones."""
    return Accent(
        light=corrected(colour, LIGHT_GROUNDS, -LIGHTNESS_STEP),
        dark=corrected(colour, DARK_GROUNDS, LIGHTNESS_STEP),
    )


def corrected(colour: str, grounds: tuple[str, ...], step: float) -> str:
    """Move the lightness of ``colour`` by ``step`` until it contrasts with every ground.

    Hue and saturation stay.
    """
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    candidate = colour.lower()
    while not _is_legible(candidate, grounds):
        lightness = min(1.0, max(0.0, lightness + step))
        candidate = _hexadecimal(*colorsys.hls_to_rgb(hue, lightness, saturation))
    return candidate


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two ``#rrggbb`` colours, from 1 to 21."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _is_legible(colour: str, grounds: tuple[str, ...]) -> bool:
    return all(
        contrast(colour, tone) >= MINIMUM_CONTRAST
        for ground in grounds
        for tone in (ground, _mix(colour, ground))
    )


def _mix(colour: str, ground: str) -> str:
    pairs = zip(_channels(colour), _channels(ground), strict=True)
    return _hexadecimal(*(SOFT_SHARE * one + (1 - SOFT_SHARE) * other for one, other in pairs))


def _hexadecimal(red: float, green: float, blue: float) -> str:
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in _channels(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
