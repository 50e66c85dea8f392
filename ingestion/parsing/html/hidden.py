"""Which elements of a page browsers and mail programs do not show: by attribute or by style."""

import re
from dataclasses import dataclass

from lxml import etree

from ingestion.parsing.html.rules import StyleRules
from ingestion.parsing.html.sheets import Declarations, value_of

# As far outside of the window as no layout moves things for any other reason.
_FAR_AWAY = re.compile(
    r"-(?:\d{4,}(?:\.\d+)?(?:px|pt)?|999(?:px|pt)?|\d{3,}(?:\.\d+)?(?:r?em|%|v[wh]))"
)
_HIDING = {
    "display": re.compile("none"),
    "visibility": re.compile("hidden|collapse"),
    "content-visibility": re.compile("hidden"),
    "mso-hide": re.compile("all"),
    "opacity": re.compile(r"0*(?:\.0\d*)?%?"),
    "font-size": re.compile(r"0*\.?0*(?:px|pt|em|rem|%)?"),
    "clip": re.compile(r"rect\(\s*(\d)(?:px)?[\s,]+\1(?:px)?[\s,]+\1(?:px)?[\s,]+\1(?:px)?\s*\)"),
    "clip-path": re.compile(r"inset\(\s*(?:50|100)%.*\)|circle\(\s*0.*\)"),
    "transform": re.compile(r".*\bscale[xy]?\(\s*0(?:\.0+)?\s*\).*"),
    "text-indent": _FAR_AWAY,
}
_NO_HEIGHT = re.compile(r"0*\.?0*(?:px|pt|em|%)?|1px")
_NO_WIDTH = re.compile(r"0*\.?0*(?:px|pt|em|%)?")
_CUT = {"height": _NO_HEIGHT, "max-height": _NO_HEIGHT, "width": _NO_WIDTH, "max-width": _NO_WIDTH}
_PLACES = ("left", "right", "top", "bottom", "margin-left", "margin-top")
_MOVED = frozenset({"absolute", "fixed"})


@dataclass(slots=True)
class HiddenElements:
    """Tells what is hidden; `has_text` says afterwards whether it held any."""

    rules: StyleRules
    has_text: bool = False

    def holds(self, element: etree._Element) -> bool:
        """Tell whether `element` is hidden, and remember it if it has text."""
        if not self.hides(element):
            return False
        self.has_text = self.has_text or any(text.strip() for text in element.itertext())
        return True

    def hides(self, element: etree._Element) -> bool:
        """Tell whether `element` is hidden."""
        if "hidden" in element.attrib or element.tag == "template":
            return True
        if element.tag == "input":
            return str(element.get("type", "")).lower() == "hidden"
        if element.tag == "dialog" and "open" not in element.attrib:
            return True
        declared = self.rules.declared(element)
        return bool(declared) and _is_hiding(declared)


def _is_hiding(declared: Declarations) -> bool:
    for name, pattern in _HIDING.items():
        if name in declared and (value := value_of(declared, name)) and pattern.fullmatch(value):
            return True
    is_cut = value_of(declared, "overflow") in ("hidden", "clip")
    if is_cut and any(_has(declared, name, pattern) for name, pattern in _CUT.items()):
        return True
    is_moved = value_of(declared, "position") in _MOVED
    names = _PLACES if is_moved else _PLACES[-2:]
    return any(_has(declared, name, _FAR_AWAY) for name in names)


def _has(declared: Declarations, name: str, pattern: re.Pattern[str]) -> bool:
    value = value_of(declared, name)
    return bool(value and pattern.fullmatch(value))
