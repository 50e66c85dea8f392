"""How cells show their values: dates, percentages, amounts without binary noise, symbols."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from lxml import etree

from ingestion.parsing.archive import attribute
from ingestion.parsing.ooxml import child, children, value_at
from ingestion.parsing.text.symbol_fonts import is_symbol_font, symbol_text
from ingestion.parsing.text.visibility import MAX_TINY_POINTS, WHITE, Colour, look_alike
from ingestion.parsing.xlsx.cell_colours import CellColours
from ingestion.parsing.xlsx.number_formats import BUILT_IN_CODES, NumberFormat, plain_number

_Kind = Literal["number", "date", "time", "elapsed", "nothing"]
# ECMA-376-1, 18.8.30: built-in formats that show dates, times, durations.
_BUILT_IN: dict[int, _Kind] = {
    **dict.fromkeys((*range(14, 18), 22, *range(27, 32), 36, *range(50, 59)), "date"),
    **dict.fromkeys((*range(18, 22), *range(32, 36), 45, 47), "time"),
    46: "elapsed",
}
_LITERALS = re.compile(r'"[^"]*"|\\.|\[(?!h+\]|m+\]|s+\])[^\[\]]*+\]|_.|\*.', re.I)
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.I)
_GENERAL = re.compile(r"general|standard", re.I)
_ISO_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)?T?(?:(\d\d:\d\d)(?::(\d\d))?(?:[.,]\d+)?)?Z?")
_NO_FORMAT = NumberFormat()
_BUILT_IN_FORMATS = {number: NumberFormat.of(code) for number, code in BUILT_IN_CODES.items()}
_EPOCH_1900 = datetime(1899, 12, 30)
_EPOCH_1904 = datetime(1904, 1, 1)
# Excel counts a 29 February 1900, so its days before are one further from the epoch.
_LEAP_DAY_1900 = 60
_LAST_DAY = 2_958_465


@dataclass(slots=True)
class CellStyles:
    """What each cell style does to a value, by its number."""

    # Symbol fonts of styles that have one; styles whose cells look empty: letters in the colour of
    # the cell or too small, or the format ";;;".
    fonts: dict[int, str] = field(default_factory=dict)
    invisible: set[int] = field(default_factory=set)
    _kinds: list[_Kind] = field(default_factory=list)
    _numbers: list[NumberFormat] = field(default_factory=list)
    _grounds: list[Colour | None] = field(default_factory=list)
    _from_1904: bool = False

    @classmethod
    def read(
        cls, root: etree._Element | None, colours: CellColours, *, from_1904: bool
    ) -> "CellStyles":
        """Return the styles of a `styles.xml` part, or of a workbook without one."""
        styles = cls(_from_1904=from_1904)
        codes = {
            int(given): attribute(entry, "formatCode") or ""
            for entry in _listed(root, "numFmts", "numFmt")
            if (given := attribute(entry, "numFmtId") or "").isdecimal()
        }
        formats = {number: NumberFormat.of(code) for number, code in codes.items()}
        fonts = list(_listed(root, "fonts", "font"))
        fills = [colours.fill(fill) for fill in _listed(root, "fills", "fill")]
        for number, entry in enumerate(_listed(root, "cellXfs", "xf")):
            format_id = _number(entry, "numFmtId")
            code = codes.get(format_id)
            kind = _BUILT_IN.get(format_id, "number") if code is None else _kind(code)
            styles._kinds.append(kind)
            numbers = formats if code is not None else _BUILT_IN_FORMATS
            styles._numbers.append(numbers.get(format_id, _NO_FORMAT))
            font_id, fill_id = _number(entry, "fontId"), _number(entry, "fillId")
            font = fonts[font_id] if font_id < len(fonts) else None
            symbols = value_at(font, "name") or ""
            if is_symbol_font(symbols):
                styles.fonts[number] = symbols
            ground = fills[fill_id] if fill_id < len(fills) else WHITE
            styles._grounds.append(ground)
            colour = colours.of(child(font, "color"))
            if kind == "nothing" or _is_tiny(font) or look_alike(colour, ground):
                styles.invisible.add(number)
        return styles

    def hides_letters(self, colours: Iterable[Colour], style: int) -> bool:
        """Tell whether letters in one of the colours cannot be seen in a cell of that style."""
        ground = self._grounds[style] if style < len(self._grounds) else WHITE
        return any(look_alike(colour, ground) for colour in colours)

    def shown(self, text: str, style: int) -> str:
        """Return the number `text` as a cell of that style shows it."""
        try:
            number = float(text)
        except ValueError:
            return text
        kind = self._kinds[style] if style < len(self._kinds) else "number"
        if kind == "elapsed":
            return _elapsed(number)
        if kind in ("date", "time") and 0 <= number <= _LAST_DAY:
            return self._moment(number, kind)
        is_plain = kind != "number" or style >= len(self._numbers)
        return plain_number(number) if is_plain else self._numbers[style].number(number)

    def shown_text(self, text: str, style: int) -> str:
        """Return `text` as a cell of that style shows it."""
        if style in self.fonts:
            text = symbol_text(text, self.fonts[style])
        return self._numbers[style].text(text) if style < len(self._numbers) else text

    def _moment(self, number: float, kind: _Kind) -> str:
        epoch = _EPOCH_1904 if self._from_1904 else _EPOCH_1900
        if 1 <= number < _LEAP_DAY_1900 and not self._from_1904:
            number += 1
        moment = epoch + timedelta(seconds=round(number * 86_400))
        if number < 1 or kind == "time":
            return moment.strftime("%H:%M:%S").removesuffix(":00")
        if moment.time() == datetime.min.time():
            return moment.strftime("%Y-%m-%d")
        return moment.strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")


def iso_moment(text: str) -> str:
    """Return a date, a time or both as a cell of type "d" stores them, without what is zero."""
    match = _ISO_MOMENT.fullmatch(text)
    if match is None:
        return text
    date, minutes, seconds = (part or "" for part in match.groups())
    time = minutes + (f":{seconds}" if seconds not in ("", "00") else "")
    return date if date and time in ("", "00:00") else f"{date} {time}".strip()


def _elapsed(days: float) -> str:
    minutes, seconds = divmod(round(abs(days) * 86_400), 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{'-' if days < 0 else ''}{hours}:{minutes:02d}"
    return f"{text}:{seconds:02d}" if seconds else text


def _kind(code: str) -> _Kind:
    sections = code.split(";")
    if len(sections) > 2 and not any(section.strip() for section in sections[:3]):
        return "nothing"
    bare = _LITERALS.sub("", sections[0])
    if _ELAPSED.search(bare):
        return "elapsed"
    letters = set() if _GENERAL.search(bare) else set(bare.lower())
    if letters & set("yd") or ("m" in letters and not letters & set("hs")):
        return "date"
    if letters & set("hs"):
        return "time"
    return "number"


def _listed(root: etree._Element | None, listing: str, name: str) -> list[etree._Element]:
    found = child(root, listing)
    return list(children(found, name)) if found is not None else []


def _number(entry: etree._Element, name: str) -> int:
    value = entry.get(name) or ""
    return int(value) if value.isdecimal() else 0


def _is_tiny(font: etree._Element | None) -> bool:
    try:
        return float(value_at(font, "sz") or MAX_TINY_POINTS + 1) <= MAX_TINY_POINTS
    except ValueError:
        return False
