"""Which elements of a page browsers and mail programs do not show: by attribute, style or rule.

Rules count if their selector is one element, class or id, outside of @media: enough for what mail
programs and editors write.
"""

import re
from dataclasses import dataclass, field

from lxml import etree

_HIDING = re.compile(
    r"(?:^|[;{\s])(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all"
    r"|opacity\s*:\s*0*(?:\.0+)?\s*(?:;|!|$)|font-size\s*:\s*0(?:px|pt|em|%)?\s*(?:;|!|$))",
    re.I,
)
_NO_HEIGHT = re.compile(r"(?:^|[;\s])(?:max-)?(?:height|width)\s*:\s*0(?:px|pt)?\s*(?:;|!|$)", re.I)
_OVERFLOW = re.compile(r"overflow\s*:\s*hidden", re.I)
_COMMENT = re.compile(r"/\*.*?(?:\*/|$)|<!--|-->", re.S)
_DISPLAY = re.compile(r"(?:^|[;\s])display\s*:\s*(\w[\w-]*)|visibility\s*:\s*(\w+)", re.I)
_SIMPLE_SELECTOR = re.compile(r"([a-z][a-z0-9]*)?([.#][\w-]+)?", re.I)
_MAX_STYLE_CHARS = 500_000


@dataclass(slots=True)
class HiddenElements:
    """Tells what is hidden; `has_text` says afterwards whether it held any."""

    has_text: bool = False
    _selectors: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, root: etree._Element) -> "HiddenElements":
        """Read the style sheets inside a page."""
        styles = "\n".join("".join(found.itertext()) for found in root.iter("style"))
        return cls(_selectors=_hiding_selectors(styles[:_MAX_STYLE_CHARS]))

    def holds(self, element: etree._Element) -> bool:
        """Tell whether `element` is hidden, and remember it if it has text."""
        if not self._hides(element):
            return False
        self.has_text = self.has_text or any(text.strip() for text in element.itertext())
        return True

    def _hides(self, element: etree._Element) -> bool:
        style = element.get("style")
        if style and (_HIDING.search(style) or _is_without_size(style)):
            return True
        if "hidden" in element.attrib or element.tag == "template":
            return True
        if element.tag == "input":
            return str(element.get("type", "")).lower() == "hidden"
        if element.tag == "dialog":
            return "open" not in element.attrib
        return bool(self._selectors) and self._is_selected(element, style or "")

    def _is_selected(self, element: etree._Element, style: str) -> bool:
        if _DISPLAY.search(style):  # the element's own style counts more, and does not hide it
            return False
        tag = element.tag if isinstance(element.tag, str) else ""
        marks = [f".{name}" for name in element.get("class", "").split()]
        if element.get("id"):
            marks.append(f"#{element.get('id')}")
        return any((kind, mark) in self._selectors for kind in ("", tag) for mark in ("", *marks))


def _is_without_size(style: str) -> bool:
    return bool(_OVERFLOW.search(style) and _NO_HEIGHT.search(style))


def _hiding_selectors(styles: str) -> set[tuple[str, str]]:
    """Return (element, class or id) of rules that hide; a later rule may show again."""
    hiding: set[tuple[str, str]] = set()
    for selectors, declarations in _rules(_COMMENT.sub("", styles)):
        hides = bool(_HIDING.search(declarations)) or _is_without_size(declarations)
        if not hides and not _DISPLAY.search(declarations):
            continue
        for selector in selectors.split(","):
            match = _SIMPLE_SELECTOR.fullmatch(selector.strip())
            if match is None or not match.group():
                continue
            key = ((match.group(1) or "").lower(), match.group(2) or "")
            if hides:
                hiding.add(key)
            else:
                hiding.discard(key)
    return hiding


def _rules(styles: str) -> list[tuple[str, str]]:
    """Return (selectors, declarations) of the rules outside of any @ block."""
    rules: list[tuple[str, str]] = []
    depth, start, selectors = 0, 0, ""
    for match in re.finditer("[{}]", styles):
        if match.group() == "{":
            if depth == 0:
                selectors = styles[start : match.start()].rpartition(";")[2]
                start = match.end()
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                if not selectors.lstrip().startswith("@"):
                    rules.append((selectors, styles[start : match.start()]))
                start = match.end()
    return rules
