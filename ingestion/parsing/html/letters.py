"""How the letters of a page look: those of symbol fonts become the symbols, those that nobody can
see are told."""

import re
from dataclasses import dataclass, replace

from lxml import etree

from ingestion.parsing.html.hidden import HiddenElements
from ingestion.parsing.html.rules import StyleRules
from ingestion.parsing.html.sheets import Declarations, value_of
from ingestion.parsing.text.symbol_fonts import is_symbol_font, symbol_text
from ingestion.parsing.text.visibility import (
    BLACK,
    MAX_TINY_POINTS,
    WHITE,
    Colour,
    colour_of,
    look_alike,
)

_DEFAULT_POINTS = 12.0
_SIZE = re.compile(r"(\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})(px|pt|em|rem|%)")
_POINTS = {"px": 0.75, "pt": 1.0, "rem": _DEFAULT_POINTS}
_SHORTHAND = re.compile(r"(?:.*\s)?(\S*\d(?:px|pt|em|rem|%))(?:/\S+)?\s+(.+)")
_SEE_THROUGH = re.compile(
    r"transparent|#[0-9a-f]{3}0|#[0-9a-f]{6}00|(?:rgb|hsl)a?\((?:[^,]*,[^,]*,[^,]*,|[^,/]*/)\s*0(?:\.0+)?%?\s*\)"
)
_KEEPS_GROUND = frozenset({"", "none", "transparent", "initial", "inherit", "unset"})
_NOT_TEXT = frozenset({"script", "style", "head", "title", "noscript"})
# Browsers give them colours of their own.
_OWN_GROUND = frozenset({"button", "input", "mark", "select", "textarea"})
_LINK: Colour = (0, 0, 238)


@dataclass(frozen=True, slots=True)
class _Look:
    """How letters look; a colour is None if it cannot be told."""

    colour: Colour | None = BLACK
    ground: Colour | None = WHITE
    points: float = _DEFAULT_POINTS
    font: str = ""

    @property
    def is_invisible(self) -> bool:
        return self.points <= MAX_TINY_POINTS or look_alike(self.colour, self.ground)


def show_letters(root: etree._Element, hidden: HiddenElements) -> bool:
    """Make symbols, in place, of letters in symbol fonts; tell whether a reader of the page cannot
    see some of its letters."""
    if not hidden.rules and not root.xpath("boolean(//@style|//@color|//@bgcolor|//@text|//@face)"):
        return False
    found = False
    waiting = [(root, _Look())]
    while waiting:
        element, around = waiting.pop()
        if element.tag in _NOT_TEXT or hidden.hides(element):
            continue
        look = _inside(element, around, hidden.rules)
        if is_symbol_font(look.font):
            element.text = _symbols(element.text, look.font)
            for inner in element:
                inner.tail = _symbols(inner.tail, look.font)
        found = found or (look.is_invisible and _has_own_text(element))
        waiting += [(inner, look) for inner in element]
    return found


def _symbols(text: str | None, font: str) -> str | None:
    """Return what a text shows; no-break spaces stand between symbols, and are none."""
    return symbol_text(text.replace("\u00a0", " "), font) if text else text


def _has_own_text(element: etree._Element) -> bool:
    return any(text and text.strip() for text in (element.text, *(i.tail for i in element)))


def _inside(element: etree._Element, around: _Look, rules: StyleRules) -> _Look:
    """Return how letters in `element` look, inside of others that look like `around`."""
    look = around
    if element.tag in _OWN_GROUND or rules.may_colour(element):
        look = replace(look, ground=None)
    if element.tag == "a":
        look = replace(look, colour=_LINK)
    if element.attrib:
        look = _by_attributes(element, look)
    declared = rules.declared(element)
    return _by_style(declared, look) if declared else look


def _by_attributes(element: etree._Element, look: _Look) -> _Look:
    if "bgcolor" in element.attrib:
        look = replace(look, ground=colour_of(element.get("bgcolor")))
    if "background" in element.attrib:
        look = replace(look, ground=None)
    colour = element.get("text" if element.tag == "body" else "color")
    if colour is not None and element.tag in ("body", "font"):
        look = replace(look, colour=colour_of(colour))
    if element.tag == "font" and element.get("face"):
        look = replace(look, font=_first_family(element.get("face", "")))
    return look


def _by_style(declared: Declarations, look: _Look) -> _Look:
    look = replace(look, ground=_ground(declared, look.ground))
    shorthand = _SHORTHAND.fullmatch(value_of(declared, "font"))
    size, family = shorthand.groups() if shorthand else ("", "")
    size = value_of(declared, "font-size") or size
    family = value_of(declared, "font-family") or family
    if match := _SIZE.fullmatch(size):
        number, unit = float(match.group(1)), match.group(2)
        relative = look.points / 100 if unit == "%" else look.points
        look = replace(look, points=number * _POINTS.get(unit, relative))
    elif size:
        look = replace(look, points=_DEFAULT_POINTS)
    if family and family != "inherit":
        look = replace(look, font=_first_family(family))
    colour = value_of(declared, "color")
    if colour and colour not in ("inherit", "currentcolor"):
        is_clipped = any(name.endswith("background-clip") for name in declared)
        see_through = _SEE_THROUGH.fullmatch(colour) and not is_clipped
        look = replace(look, colour=look.ground if see_through else colour_of(colour))
    if "text-shadow" in declared or value_of(declared, "-webkit-text-stroke"):
        look = replace(look, colour=None)
    return look


def _ground(declared: Declarations, around: Colour | None) -> Colour | None:
    """Return the colour behind letters; pictures and what is moved over others may have any."""
    if value_of(declared, "background-image") not in _KEEPS_GROUND:
        return None
    ground = around
    if value_of(declared, "position") in ("absolute", "fixed"):
        ground = None
    for name in ("background", "background-color"):
        value = value_of(declared, name)
        if value not in _KEEPS_GROUND:
            ground = None if "(" in value and "rgb" not in value else _first_colour(value)
    return ground


def _first_colour(value: str) -> Colour | None:
    whole = colour_of(value)
    if whole is not None:
        return whole
    return next((found for part in value.split() if (found := colour_of(part))), None)


def _first_family(families: str) -> str:
    return families.partition(",")[0].strip("'\" ")
