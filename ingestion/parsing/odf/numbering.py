"""The numbers of lists and headings of OpenDocument texts (OpenDocument 1.3, 16.31, 19.880)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.ooxml import descendants
from ingestion.parsing.text.ordinals import ordinal

Counts = dict[int, int]

_FORMS: Mapping[str, str] = {
    "1": "decimal", "01": "decimalZero", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman",
    "I": "upperRoman",
}  # fmt: skip
_MAX_DIGITS = 6


@dataclass(frozen=True, slots=True)
class _Level:
    form: str
    prefix: str
    suffix: str
    start: int
    shown_levels: int


@dataclass(slots=True)
class ListNumbers:
    """The numbered levels of lists, by the name of their style; those of headings have none."""

    _levels: dict[str, dict[int, _Level]] = field(default_factory=dict)
    _headings: Counts = field(default_factory=dict)
    _last: dict[str, Counts] = field(default_factory=dict)
    _by_id: dict[str, Counts] = field(default_factory=dict)

    def add(self, root: etree._Element) -> None:
        """Add the styles in a part; they replace those of the same name."""
        for style in descendants(root, "list-style", "outline-style"):
            is_outline = local_name(style) == "outline-style"
            name = "" if is_outline else attribute(style, "name") or ""
            self._levels[name] = {
                _count(item, "level", 1): _Level(
                    form=_FORMS.get(form, "decimal"),
                    prefix=attribute(item, "num-prefix") or "",
                    suffix=attribute(item, "num-suffix") or "",
                    start=_count(item, "start-value", 1),
                    shown_levels=_count(item, "display-levels", 1),
                )
                for item in style
                if (form := attribute(item, "num-format"))
            }

    def begin(self, element: etree._Element, style: str) -> Counts:
        """Return the counts of an outermost list: new ones, or those of the list that it goes on
        with."""
        followed = attribute(element, "continue-list")
        if followed is not None and followed in self._by_id:
            counts = self._by_id[followed]
        elif attribute(element, "continue-numbering") == "true":
            counts = self._last.get(style, {})
        else:
            counts = {}
        self._last[style] = counts
        if own := attribute(element, "id"):
            self._by_id[own] = counts
        return counts

    def marker(self, item: etree._Element, style: str, level: int, counts: Counts) -> str:
        """Count one more item at a level, from 1, and return what stands before it."""
        known = self._levels.get(style, {}).get(level)
        start = attribute(item, "start-value")
        if start is not None:
            counts[level] = _count(item, "start-value", 1)
        else:
            counts[level] = counts.get(level, (known.start if known else 1) - 1) + 1
        return self._shown(style, level, counts) or "-"

    def heading(self, element: etree._Element, level: int) -> str:
        """Count one more heading at a level and return its number, "" for none."""
        known = self._levels.get("", {}).get(level)
        if known is None or attribute(element, "is-list-header") == "true":
            return ""
        counts = self._headings
        for deeper in [other for other in counts if other > level]:
            del counts[deeper]
        restarts = attribute(element, "restart-numbering") == "true"
        if restarts or level not in counts:
            counts[level] = _count(element, "start-value", known.start)
        else:
            counts[level] += 1
        return self._shown("", level, counts)

    def _shown(self, style: str, level: int, counts: Counts) -> str:
        levels = self._levels.get(style, {})
        here = levels.get(level)
        if here is None:
            return ""
        first = max(level - here.shown_levels + 1, 1)
        shown = [
            ordinal(counts.get(number, levels[number].start), levels[number].form)
            for number in range(first, level + 1)
            if number in levels
        ]
        return f"{here.prefix}{'.'.join(shown)}{here.suffix}".strip()


def _count(element: etree._Element, name: str, default: int) -> int:
    value = attribute(element, name) or ""
    return int(value) if value.isdecimal() and len(value) <= _MAX_DIGITS else default
