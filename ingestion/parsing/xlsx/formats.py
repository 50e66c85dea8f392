"""Numbers as a spreadsheet shows them: dates, percentages, amounts without binary noise."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lxml import etree

from ingestion.parsing.archive import attribute
from ingestion.parsing.ooxml import child, children

# ECMA-376 part 1, 18.8.30: built-in formats that show dates or times.
_BUILT_IN_DATES = frozenset({*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)})
_BUILT_IN_PERCENT = frozenset({9, 10})
_LITERALS = re.compile(r'"[^"]*"|\\.|\[(?!h+\]|m+\]|s+\])[^\[\]]*+\]|_.|\*.', re.I)
_DATE_LETTERS = re.compile(r"[ymdhs]", re.I)
_EPOCH_1900 = datetime(1899, 12, 30)
_EPOCH_1904 = datetime(1904, 1, 1)
_LAST_DAY = 2_958_465


@dataclass(slots=True)
class NumberFormats:
    """The kind of each cell style: "date", "percent" or "number"."""

    _kinds: list[str] = field(default_factory=list)
    _epoch: datetime = _EPOCH_1900

    @classmethod
    def read(cls, styles: etree._Element | None, *, from_1904: bool) -> "NumberFormats":
        """Return the formats of a `styles.xml` part, or of a workbook without one."""
        formats = cls(_epoch=_EPOCH_1904 if from_1904 else _EPOCH_1900)
        custom: dict[int, str] = {}
        listing = child(styles, "numFmts")
        for entry in children(listing, "numFmt") if listing is not None else ():
            code = attribute(entry, "numFmtId") or ""
            if code.isdecimal():
                custom[int(code)] = _kind(attribute(entry, "formatCode") or "")
        listing = child(styles, "cellXfs")
        for entry in children(listing, "xf") if listing is not None else ():
            code = attribute(entry, "numFmtId") or ""
            formats._kinds.append(_built_in(int(code), custom) if code.isdecimal() else "number")
        return formats

    def shown(self, text: str, style: int) -> str:
        """Return the number `text` as a cell of that style shows it."""
        try:
            number = float(text)
        except ValueError:
            return text
        kind = self._kinds[style] if style < len(self._kinds) else "number"
        if kind == "date" and 0 <= number <= _LAST_DAY:
            return self._date(number)
        if kind == "percent":
            return f"{number * 100:.10g} %"
        return f"{number:.15g}"

    def _date(self, number: float) -> str:
        moment = self._epoch + timedelta(seconds=round(number * 86_400))
        if number < 1:
            return moment.strftime("%H:%M:%S").removesuffix(":00")
        if moment.time() == datetime.min.time():
            return moment.strftime("%Y-%m-%d")
        return moment.strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")


def _built_in(code: int, custom: dict[int, str]) -> str:
    if code in custom:
        return custom[code]
    if code in _BUILT_IN_DATES:
        return "date"
    return "percent" if code in _BUILT_IN_PERCENT else "number"


def _kind(code: str) -> str:
    bare = _LITERALS.sub("", code.split(";")[0])
    if _DATE_LETTERS.search(bare) and not re.search(r"general|standard", bare, re.I):
        return "date"
    return "percent" if "%" in bare else "number"
