"""The numbers that Word computes for lists and headings: "1.2", "Article 3", "c)", bullets."""

from collections import defaultdict
from dataclasses import dataclass, field

from lxml import etree

from ingestion.parsing.archive import attribute
from ingestion.parsing.ooxml import child, children, is_on, value_at
from ingestion.parsing.text.ordinals import ordinal

_MAX_LEVELS = 9


@dataclass(frozen=True, slots=True)
class _Level:
    format: str = "decimal"
    text: str = ""
    start: int = 1
    style: str = ""
    is_legal: bool = False
    # The levels, from 1, after which it begins anew: all above it, or some of them.
    restarts_after: int = _MAX_LEVELS


@dataclass(slots=True)
class Numbering:
    """Counters of a document. `levels` maps a list's id to its levels, `abstract` to the id that
    shares its counters, `restarts` to the numbers at which some of its levels begin anew."""

    _levels: dict[str, dict[int, _Level]] = field(default_factory=dict)
    _abstract: dict[str, str] = field(default_factory=dict)
    _restarts: dict[str, dict[int, int]] = field(default_factory=dict)
    _counters: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))

    @classmethod
    def read(cls, root: etree._Element | None) -> "Numbering":
        """Return the numbering of a `numbering.xml` part, or of a document without one."""
        if root is None:
            return cls()
        items = {
            attribute(item, "abstractNumId") or "": item for item in children(root, "abstractNum")
        }
        of_style = {value_at(item, "styleLink"): name for name, item in items.items()}
        numbering = cls()
        for item in children(root, "num"):
            number_id = attribute(item, "numId") or ""
            source = value_at(item, "abstractNumId") or ""
            source = of_style.get(value_at(items.get(source), "numStyleLink") or "", source)
            levels = _levels(items[source]) if source in items else {}
            for override in children(item, "lvlOverride"):
                levels.update(_levels(override))
            numbering._levels[number_id] = levels
            numbering._abstract[number_id] = source
            numbering._restarts[number_id] = _restarts(item)
        return numbering

    def level_of_style(self, number_id: str, style: str) -> int | None:
        """Return the level, from 0, of a list that belongs to a style of paragraphs."""
        levels = self._levels.get(number_id, {})
        return next((level for level, own in levels.items() if own.style == style), None)

    def marker(self, number_id: str, level: int) -> str:
        """Count one more item of a list and return what Word prints before it ("" for none)."""
        level = min(level, _MAX_LEVELS - 1)
        levels = self._levels.get(number_id, {})
        counters = self._counters[self._abstract.get(number_id, number_id)]
        here = levels.get(level, _Level("bullet"))
        for restarted, start in self._restarts.pop(number_id, {}).items():
            counters[restarted] = start - 1
        counters[level] = counters.get(level, here.start - 1) + 1
        for deeper in [item for item in counters if item > level]:
            if level < levels.get(deeper, here).restarts_after:
                del counters[deeper]
        if here.format == "bullet":
            return "-"
        if here.format == "none":
            return ""
        text = here.text
        for upper in range(level + 1):
            form = levels.get(upper, _Level())
            count = counters.get(upper, form.start)
            count_format = "decimal" if here.is_legal else form.format
            text = text.replace(f"%{upper + 1}", ordinal(count, count_format))
        return text.strip()


def _levels(item: etree._Element) -> dict[int, _Level]:
    found: dict[int, _Level] = {}
    for element in children(item, "lvl"):
        index = attribute(element, "ilvl") or "0"
        start = value_at(element, "start") or "1"
        restart = value_at(element, "lvlRestart") or ""
        if index.isdecimal() and child(element, "numFmt") is not None:
            found[int(index)] = _Level(
                format=value_at(element, "numFmt") or "decimal",
                text=value_at(element, "lvlText") or "",
                start=int(start) if start.isdecimal() else 1,
                style=value_at(element, "pStyle") or "",
                is_legal=is_on(child(element, "isLgl")),
                restarts_after=int(restart) if restart.isdecimal() else _MAX_LEVELS,
            )
    return found


def _restarts(item: etree._Element) -> dict[int, int]:
    """Return level → number at which it begins anew where a list is used first."""
    return {
        int(level): int(start)
        for override in children(item, "lvlOverride")
        if (level := attribute(override, "ilvl") or "").isdecimal()
        and (start := value_at(override, "startOverride") or "").isdecimal()
    }
