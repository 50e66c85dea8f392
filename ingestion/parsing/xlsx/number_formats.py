"""Numbers as the format of their cell shows them (ECMA-376-1, 18.8.31), but without separators of
thousands, which differ between countries: "#,##0.00 €" shows 1234.5 as "1234.50 €"."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from ingestion.parsing.text.normalise import one_line

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|(?P<space>_.)|\*.|\[\$(?P<currency>[^\]-]*)[^\]]*\]'
    r"|\[(?P<condition>[<>=]{1,2}-?\d+(?:\.\d+)?)\]|\[[^\]]*\]|(?P<general>general|standard)"
    r"|(?P<power>E[+-])|(?P<other>.)",
    re.I | re.S,
)
_SECTION = re.compile(r'(?:"[^"]*"?|\\.|\[[^\]]*\]|[^;])*+', re.S)
_CONDITION = re.compile(r"([<>=]{1,2})(.+)")
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "=": operator.eq, "<>": operator.ne,
}  # fmt: skip
_DIGITS = frozenset("0#?")
_MAX_SECTIONS = 4
_MAX_DECIMALS = 15
# 18.8.30: formats that have a number for want of a code. Those of currencies depend on the country.
_TWO_DECIMALS, _WHOLE = "#,##0.00;-#,##0.00", "#,##0;-#,##0"
BUILT_IN_CODES: Mapping[int, str] = {
    1: "0", 2: "0.00", 3: _WHOLE, 4: _TWO_DECIMALS, 5: _WHOLE, 6: _WHOLE, 7: _TWO_DECIMALS,
    8: _TWO_DECIMALS, 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
    37: _WHOLE, 38: _WHOLE, 39: _TWO_DECIMALS, 40: _TWO_DECIMALS, 41: _WHOLE, 42: _WHOLE,
    43: _TWO_DECIMALS, 44: _TWO_DECIMALS, 48: "##0.0E+0",
}  # fmt: skip

# ("text", literal) or ("sign", one of 0 # ? . , % / E @) or ("general", "").
_Part = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Section:
    parts: tuple[_Part, ...]
    condition: str = ""

    def holds(self, number: float) -> bool:
        match = _CONDITION.fullmatch(self.condition)
        compare = _COMPARISONS.get(match.group(1)) if match else None
        return match is not None and compare is not None and compare(number, float(match.group(2)))


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A number format: of numbers, then of negative ones, of zero and of text."""

    sections: tuple[_Section, ...] = ()

    @classmethod
    def of(cls, code: str) -> "NumberFormat":
        """Return the format that a code describes; dates and times are no numbers."""
        return cls(tuple(map(_section, _split(code)[:_MAX_SECTIONS])) if code else ())

    def number(self, number: float) -> str:
        """Return `number` as it is shown."""
        section, is_signed = self._section_for(number)
        if section is None:
            return plain_number(number)
        text = one_line(_shown(section.parts, abs(number)))
        return f"-{text}" if number < 0 and is_signed and _has_digit(text) else text

    def text(self, text: str) -> str:
        """Return a text as it is shown."""
        if len(self.sections) < _MAX_SECTIONS:
            return text
        parts = self.sections[-1].parts
        return "".join(text if part == ("sign", "@") else part[1] for part in parts)

    def _section_for(self, number: float) -> tuple[_Section | None, bool]:
        """Return the section for a number, and whether a minus goes before what it shows."""
        numeric = self.sections[:3]
        if any(section.condition for section in numeric):
            found = next((item for item in numeric if item.holds(number)), None)
            rest = [item for item in numeric if not item.condition]
            return found or (rest[-1] if rest else None), True
        if not numeric:
            return None, True
        if number < 0 and len(numeric) > 1:
            return numeric[1], False
        if number == 0 and len(numeric) > 2:
            return numeric[2], False
        return numeric[0], True


def plain_number(number: float) -> str:
    """Return a number without format and without binary noise."""
    return f"{number:.15g}"


def _split(code: str) -> list[str]:
    texts: list[str] = []
    at = 0
    while at <= len(code):
        match = _SECTION.match(code, at)
        end = match.end() if match else len(code)
        texts.append(code[at:end])
        at = end + 1
    return texts


def _section(text: str) -> _Section:
    parts: list[_Part] = []
    condition = ""
    for match in _TOKEN.finditer(text):
        kind, value = match.lastgroup, match.group(match.lastgroup or 0)
        if kind in ("quoted", "escaped", "currency"):
            parts.append(("text", value))
        elif kind == "condition":
            condition = value
        elif kind == "general":
            parts.append(("general", ""))
        elif kind == "power":
            parts.append(("sign", "E"))
        elif kind == "other":
            is_sign = value in "0#?.,%/@"
            parts.append(("sign" if is_sign else "text", value))
        elif kind == "space":
            parts.append(("text", " "))
    return _Section(tuple(parts), condition)


def _shown(parts: tuple[_Part, ...], number: float) -> str:
    """Return a number, which is not negative, in a section."""
    signs = [value for kind, value in parts if kind == "sign"]
    if ("general", "") in parts or ("sign", "@") in parts:
        whole = plain_number(number)
        return "".join(
            whole if part in (("general", ""), ("sign", "@")) else part[1] for part in parts
        )
    if not _DIGITS.intersection(signs):
        return "".join(value for _, value in parts)
    if "E" in signs:
        decimals = _decimals(signs[: signs.index("E")])
        return _framed(parts, f"{number:.{decimals}E}")
    if "/" in signs:
        return _framed(parts, _fraction(number, parts))
    value = Decimal(plain_number(number)).scaleb(2 * signs.count("%"))
    last = max(i for i, sign in enumerate(signs) if sign in _DIGITS)
    value = value.scaleb(-3 * _trailing_commas(signs[last + 1 :]))
    return _placed(parts, value, min(_decimals(signs), _MAX_DECIMALS))


def _decimals(signs: list[str]) -> int:
    after = signs[signs.index(".") + 1 :] if "." in signs else []
    return sum(sign in _DIGITS for sign in after)


def _trailing_commas(signs: list[str]) -> int:
    return next((i for i, sign in enumerate(signs) if sign != ","), len(signs))


def _placed(parts: tuple[_Part, ...], value: Decimal, decimals: int) -> str:
    """Return a section with the digits of a value in the places for them."""
    rounded = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    whole, _, fraction = f"{rounded:f}".partition(".")
    whole = whole.lstrip("0")
    point = next((i for i, part in enumerate(parts) if part == ("sign", ".")), len(parts))
    shown: list[str] = []
    places = [i for i, (k, v) in enumerate(parts) if i < point and k == "sign" and v in _DIGITS]
    for index in reversed(range(point)):
        kind, sign = parts[index]
        if kind != "sign" or sign not in _DIGITS:
            shown.append("" if sign == "," and kind == "sign" else sign)
        elif index == places[0]:
            shown.append(whole or ("0" if sign == "0" else ""))
        else:
            shown.append(whole[-1:] or ("0" if sign == "0" else ""))
            whole = whole[:-1]
    text = "".join(reversed(shown))
    if not places:
        text += whole
    return text + _after_point(parts[point + 1 :], fraction)


def _after_point(parts: tuple[_Part, ...], fraction: str) -> str:
    """Return what a section shows from its point on."""
    places = [value for kind, value in parts if kind == "sign" and value in _DIGITS]
    needed = max((i for i, sign in enumerate(places, start=1) if sign == "0"), default=0)
    kept = max(needed, len(fraction.rstrip("0")))
    texts: list[str] = []
    place = 0
    for kind, value in parts:
        if kind == "sign" and value in _DIGITS:
            texts.append(fraction[place] if place < kept else "")
            place += 1
        elif (kind, value) != ("sign", ","):
            texts.append(value)
    return ("." if kept else "") + "".join(texts)


def _fraction(number: float, parts: tuple[_Part, ...]) -> str:
    """Return a number as "1 3/4"; the places after the stroke tell how large a divisor may be."""
    at = parts.index(("sign", "/"))
    after = [value for kind, value in parts[at + 1 :] if kind == "sign" and value in _DIGITS]
    has_whole = any(kind == "text" and not value.strip() for kind, value in parts[:at])
    whole = int(number) if has_whole else 0
    rest = Fraction(number - whole).limit_denominator(10 ** max(len(after), 1) - 1)
    if not rest:
        return str(whole)
    return f"{whole} {rest}".removeprefix("0 ") if has_whole else str(rest)


def _framed(parts: tuple[_Part, ...], text: str) -> str:
    """Return `text` between what a section has before its first and after its last place."""
    places = [i for i, (kind, value) in enumerate(parts) if kind == "sign" and value in _DIGITS]
    before = "".join(value for kind, value in parts[: places[0]] if kind == "text")
    after = "".join(value for kind, value in parts[places[-1] + 1 :] if kind == "text")
    return f"{before}{text}{after}"


def _has_digit(text: str) -> bool:
    return any(character.isdigit() for character in text)
