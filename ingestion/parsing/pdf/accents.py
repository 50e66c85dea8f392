"""Accents that old TeX fonts draw as characters of their own: "´e" is "é"."""

import re
import unicodedata
from dataclasses import replace

from ingestion.parsing.pdf.lines import Line

_COMBINING = {
    "´": "\u0301", "`": "\u0300", "ˆ": "\u0302", "¨": "\u0308", "˜": "\u0303", "ˇ": "\u030c",
    "˚": "\u030a",
}  # fmt: skip
_BEFORE_LETTER = re.compile(r"([´ˆ¨˜ˇ˚]|(?<=\w)`|(?<![\w`])`(?=[aeuAEU]\b)) ?([A-Za-zı])")
_CEDILLA = re.compile(r"¸ ?([cCsS])|([cCsS]) ?¸")


def with_composed_accents(lines: list[Line]) -> list[Line]:
    """Return the lines of a page with spacing accents put on the letters that they stand before."""
    if not any(accent in line.text for line in lines for accent in "´ˆ¨¸˜ˇ˚`"):
        return lines
    return [replace(line, text=_composed(line.text)) for line in lines]


def _composed(text: str) -> str:
    text = _CEDILLA.sub(lambda m: _compose(m.group(1) or m.group(2), "\u0327"), text)
    return _BEFORE_LETTER.sub(lambda m: _compose(m.group(2), _COMBINING[m.group(1)]), text)


def _compose(letter: str, mark: str) -> str:
    return unicodedata.normalize("NFC", ("i" if letter == "ı" else letter) + mark)
