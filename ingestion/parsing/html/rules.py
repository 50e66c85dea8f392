"""What the style of an element declares: its own, and that of the style sheets of its page.

Selectors of one element, class or id are looked up; the others are matched by `cssselect`, as long
as that takes no time. Of those that are not matched only their last element, class or id is known,
and whether they colour what is behind the text.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import cssselect
from lxml import etree

from ingestion.parsing.html.sheets import (
    Declarations,
    declarations,
    merge,
    style_rules,
    with_variables,
)

_SIMPLE_SELECTOR = re.compile(r"([a-z][a-z0-9]*)?([.#][\w-]+)?", re.I)
_NAME = re.compile(r"[.#]?[\w-]+")
# Elements that may be tried against selectors: a page of 10,000 elements has 300 selectors.
_MAX_TRIALS = 3_000_000
# Properties that change what is seen; rules without any need no match.
_TELLING = re.compile(
    r"display|visibility|content-visibility|mso-hide|opacity|font.*|clip|clip-path|transform"
    r"|text-indent|(?:max-)?(?:height|width)|overflow|position|left|right|top|bottom"
    r"|margin-(?:left|top)|color|background.*|text-shadow|-webkit-.*|list-style.*"
)
_TRANSLATOR = cssselect.HTMLTranslator()

# How much a rule counts: by its selector, then by its place.
_Weight = tuple[int, int, int, int]
_Rule = tuple[_Weight, Declarations]


@dataclass(slots=True)
class StyleRules:
    """The rules of the style sheets of a page."""

    has_linked_sheets: bool = False
    _looked_up: dict[tuple[str, str], list[_Rule]] = field(default_factory=dict)
    _matched: dict[etree._Element, list[_Rule]] = field(default_factory=dict)
    _coloured: set[str] = field(default_factory=set)
    _variables: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, root: etree._Element, linked: Iterable[str] | None = None) -> "StyleRules":
        """Read the style sheets in a page, after those `linked`: None if they are not known."""
        styles = ["".join(found.itertext()) for found in root.iter("style")]
        links = any(map(_is_style_sheet, root.iter("link")))
        rules = cls(has_linked_sheets=links and linked is None)
        trials = _MAX_TRIALS // (1 + sum(1 for _ in root.iter()))
        found = style_rules("\n".join([*(linked or ()), *styles]))
        for place, (selectors, declared) in enumerate(found):
            for name, value in declared.items():
                if name.startswith("--"):
                    rules._variables[name] = value
            for selector in selectors.split(","):
                is_known = rules._look_up(selector.strip(), place, declared)
                if not is_known and any(map(_TELLING.fullmatch, declared)):
                    trials -= 1
                    is_tried = trials >= 0 and rules._match(root, selector, place, declared)
                    if not is_tried:
                        rules._note_colour(selector.strip().lower(), declared)
        return rules

    def __bool__(self) -> bool:
        return bool(self._looked_up or self._matched or self._coloured)

    def declared(self, element: etree._Element) -> Declarations:
        """Return what is declared for an element; what counts more replaces what counts less."""
        own = declarations(element.get("style") or "")
        if not self._looked_up and not self._matched:
            return with_variables(own, self._variables)
        tag = _tag(element)
        rules = list(self._matched.get(element, ()))
        rules += self._looked_up.get((tag, ""), ())
        for mark in _marks(element):
            rules += self._looked_up.get(("", mark), ())
            rules += self._looked_up.get((tag, mark), ())
        found: dict[str, str] = {}
        for _, declared in sorted(rules, key=lambda rule: rule[0]):
            merge(found, declared)
        merge(found, own)
        return with_variables(found, self._variables)

    def may_colour(self, element: etree._Element) -> bool:
        """Tell whether a rule that is not understood may colour what is behind an element."""
        if self.has_linked_sheets and ("class" in element.attrib or "id" in element.attrib):
            return True
        if not self._coloured:
            return False
        return not self._coloured.isdisjoint([_tag(element), *_marks(element)])

    def _look_up(self, selector: str, place: int, declared: Declarations) -> bool:
        """Keep a rule for one element, class or id; return False if it is for something else."""
        match = _SIMPLE_SELECTOR.fullmatch(selector.lower())
        if match is None or not match.group():
            return False
        tag, mark = match.group(1) or "", match.group(2) or ""
        weight = (mark.startswith("#"), mark.startswith("."), bool(tag), place)
        self._looked_up.setdefault((tag, mark), []).append((weight, declared))
        return True

    def _match(
        self, root: etree._Element, selector: str, place: int, declared: Declarations
    ) -> bool:
        """Keep a rule for the elements that it matches; return False if that cannot be told."""
        try:
            for parsed in cssselect.parse(selector):
                if parsed.pseudo_element is not None:
                    continue
                path = _TRANSLATOR.selector_to_xpath(parsed)
                for element in root.xpath(path):
                    rule = ((*parsed.specificity(), place), declared)
                    self._matched.setdefault(element, []).append(rule)
        except (cssselect.SelectorError, etree.XPathError, RecursionError):
            return False
        return True

    def _note_colour(self, selector: str, declared: Declarations) -> None:
        if any(name.startswith("background") for name in declared):
            last = re.split(r"[\s>+~]", selector)[-1].partition(":")[0]
            self._coloured.update(_NAME.findall(last))


def _tag(element: etree._Element) -> str:
    return element.tag.lower() if isinstance(element.tag, str) else ""


def _marks(element: etree._Element) -> list[str]:
    """Return the classes and the id of an element as selectors."""
    marks = [f".{name}" for name in element.get("class", "").lower().split()]
    return [*marks, f"#{element.get('id', '').lower()}"] if element.get("id") else marks


def _is_style_sheet(link: etree._Element) -> bool:
    return "stylesheet" in (link.get("rel") or "").lower()
