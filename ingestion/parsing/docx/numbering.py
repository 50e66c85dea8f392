"""The numbers that Word computes for lists and headings: "1.2", "Article 3", "c)", bullets."""

from collections import defaultdict
from dataclasses import dataclass, field

from lxml import etree

from ingestion.parsing.archive import attribute
from ingestion.parsing.ooxml import child, children, value_at

_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
    (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_MAX_LEVELS = 9


@dataclass(frozen=True, slots=True)
class _Level:
    format: str = "decimal"
    text: str = ""
    start: int = 1


@dataclass(slots=True)
class Numbering:
    """Counters of a document. `levels` maps a list's id to its levels, `abstract` to the id that
    shares its counters."""

    _levels: dict[str, dict[int, _Level]] = field(default_factory=dict)
    _abstract: dict[str, str] = field(default_factory=dict)
    _counters: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))

    @classmethod
    def read(cls, root: etree._Element | None) -> "Numbering":
        """Return the numbering of a `numbering.xml` part, or of a document without one."""
        if root is None:
            return cls()
        abstract = {
            attribute(item, "abstractNumId") or "": _levels(item)
            for item in children(root, "abstractNum")
        }
        numbering = cls()
        for item in children(root, "num"):
            number_id = attribute(item, "numId") or ""
            source = value_at(item, "abstractNumId") or ""
            levels = dict(abstract.get(source, {}))
            for override in children(item, "lvlOverride"):
                levels.update(_levels(override))
            numbering._levels[number_id] = levels
            numbering._abstract[number_id] = source
        return numbering

    def marker(self, number_id: str, level: int) -> str:
        """Count one more item of a list and return what Word prints before it ("" for none)."""
        level = min(level, _MAX_LEVELS - 1)
        levels = self._levels.get(number_id, {})
        counters = self._counters[self._abstract.get(number_id, number_id)]
        here = levels.get(level, _Level("bullet"))
        counters[level] = counters.get(level, here.start - 1) + 1
        for deeper in [item for item in counters if item > level]:
            del counters[deeper]
        if here.format == "bullet":
            return "-"
        if here.format == "none":
            return ""
        text = here.text
        for upper in range(level + 1):
            form = levels.get(upper, _Level())
            count = counters.get(upper, form.start)
            text = text.replace(f"%{upper + 1}", _formatted(count, form.format))
        return text.strip()


def _levels(item: etree._Element) -> dict[int, _Level]:
    found: dict[int, _Level] = {}
    for element in children(item, "lvl"):
        index = attribute(element, "ilvl") or "0"
        start = value_at(element, "start") or "1"
        if index.isdecimal() and child(element, "numFmt") is not None:
            found[int(index)] = _Level(
                format=value_at(element, "numFmt") or "decimal",
                text=value_at(element, "lvlText") or "",
                start=int(start) if start.isdecimal() else 1,
            )
    return found


def _formatted(number: int, form: str) -> str:
    if form in ("lowerLetter", "upperLetter") and number > 0:
        letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 % 9 + 1)
        return letter.upper() if form == "upperLetter" else letter
    if form in ("lowerRoman", "upperRoman") and 0 < number < 4000:
        roman = _roman(number)
        return roman.upper() if form == "upperRoman" else roman
    return f"{number:02d}" if form == "decimalZero" else str(number)


def _roman(number: int) -> str:
    text = ""
    for value, letters in _ROMAN:
        text += letters * (number // value)
        number %= value
    return text
