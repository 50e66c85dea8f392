"""What the style of an element declares: its own, and that of the page's style sheets.

Rules count if their selector is one element, class or id, outside of @media: enough for what mail
programs and editors write. Of the other selectors only their last element, class or id is known,
and whether they colour what is behind the text.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from lxml import etree

Declarations = Mapping[str, str]

_COMMENT = re.compile(r"/\*.*?(?:\*/|$)|<!--|-->", re.S)
_DECLARATION = re.compile(r"\s*([a-z-]+)\s*:\s*([^;]+)", re.I)
_SIMPLE_SELECTOR = re.compile(r"([a-z][a-z0-9]*)?([.#][\w-]+)?", re.I)
_NAME = re.compile(r"[.#]?[\w-]+")
_BRACE = re.compile("[{}]")
_IMPORTANT = "!important"
_MAX_STYLE_CHARS = 500_000


@dataclass(slots=True)
class StyleRules:
    """The rules of the style sheets inside a page."""

    has_linked_sheets: bool = False
    _declared: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    _coloured: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, root: etree._Element) -> "StyleRules":
        """Read the style sheets of a page, but not those of other files."""
        styles = "\n".join("".join(found.itertext()) for found in root.iter("style"))
        rules = cls(has_linked_sheets=any(map(_is_style_sheet, root.iter("link"))))
        for selectors, text in _rules(_COMMENT.sub("", styles[:_MAX_STYLE_CHARS])):
            declared = declarations(text)
            for selector in selectors.split(","):
                rules._add(selector.strip().lower(), declared)
        return rules

    def __bool__(self) -> bool:
        return bool(self._declared or self._coloured)

    def declared(self, element: etree._Element) -> Declarations:
        """Return what is declared for an element; what counts more replaces what counts less."""
        own = declarations(element.get("style") or "")
        if not self._declared:
            return own
        found: dict[str, str] = {}
        tag, marks = _tag(element), _marks(element)
        for key in [(tag, ""), *((kind, mark) for mark in marks for kind in ("", tag))]:
            _merge(found, self._declared.get(key, {}))
        _merge(found, own)
        return found

    def may_colour(self, element: etree._Element) -> bool:
        """Tell whether a rule that is not understood may colour what is behind an element."""
        if self.has_linked_sheets and ("class" in element.attrib or "id" in element.attrib):
            return True
        if not self._coloured:
            return False
        return not self._coloured.isdisjoint([_tag(element), *_marks(element)])

    def _add(self, selector: str, declared: Declarations) -> None:
        match = _SIMPLE_SELECTOR.fullmatch(selector)
        if match is not None and match.group():
            known = self._declared.setdefault((match.group(1) or "", match.group(2) or ""), {})
            _merge(known, declared)
        elif any(name.startswith("background") for name in declared):
            last = re.split(r"[\s>+~]", selector)[-1].partition(":")[0]
            self._coloured.update(_NAME.findall(last))


@lru_cache(maxsize=1024)
def declarations(text: str) -> Declarations:
    """Return the declarations of a style, in lower case; "!important" stays with its value."""
    found: dict[str, str] = {}
    for name, value in _DECLARATION.findall(text.lower()):
        _merge(found, {name: " ".join(value.split())})
    return found


def value_of(declared: Declarations, name: str) -> str:
    """Return the value of a property, "" if it has none."""
    return declared.get(name, "").removesuffix(_IMPORTANT).strip()


def _merge(below: dict[str, str], above: Declarations) -> None:
    for name, value in above.items():
        if value.endswith(_IMPORTANT) or not below.get(name, "").endswith(_IMPORTANT):
            below[name] = value


def _tag(element: etree._Element) -> str:
    return element.tag.lower() if isinstance(element.tag, str) else ""


def _marks(element: etree._Element) -> list[str]:
    """Return the classes and the id of an element as selectors, what counts more last."""
    marks = [f".{name}" for name in element.get("class", "").lower().split()]
    return [*marks, f"#{element.get('id', '').lower()}"] if element.get("id") else marks


def _is_style_sheet(link: etree._Element) -> bool:
    return "stylesheet" in (link.get("rel") or "").lower()


def _rules(styles: str) -> Iterator[tuple[str, str]]:
    """Yield (selectors, declarations) of the rules outside of any @ block."""
    depth, start, selectors = 0, 0, ""
    for match in _BRACE.finditer(styles):
        if match.group() == "{":
            if depth == 0:
                selectors = styles[start : match.start()].rpartition(";")[2]
                start = match.end()
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                if not selectors.lstrip().startswith("@"):
                    yield selectors, styles[start : match.start()]
                start = match.end()
