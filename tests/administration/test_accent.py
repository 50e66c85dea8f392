"""The accent colour is legible in both themes."""

import pytest

from administration.accent import (
    DARK_GROUNDS,
    LIGHT_GROUNDS,
    MINIMUM_CONTRAST,
    accent_for,
    contrast,
)


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize(
    "colour",
    ["#ffff00", "#000000", "#ffffff", "#ff0000", "#00FF00", "#0000ff", "#7f7f7f", "#285d8f"],
)
def test_any_colour_gets_sufficient_contrast(colour):
    accent = accent_for(colour)
    assert all(contrast(accent.light, ground) >= MINIMUM_CONTRAST for ground in LIGHT_GROUNDS)
    assert all(contrast(accent.dark, ground) >= MINIMUM_CONTRAST for ground in DARK_GROUNDS)


def test_colour_with_sufficient_contrast_is_unchanged():
    assert accent_for("#285D8F").light == "#285d8f"
    assert accent_for("#8ab8e6").dark == "#8ab8e6"
