"""The numbers, amounts, durations, dates and times of a text, in one form each.

"25 %" and "vingt-cinq pour cent", "1 200 €" and "1200 euros", "3 mars 2024" and "03/03/2024",
"20 h" and "8 pm", "48 heures" and "deux jours" are equal.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingestion.indexing.lexical import fold
from retrieval.verification.quantities import number_words as words
from retrieval.verification.quantities.dates import dates
from retrieval.verification.quantities.quantity import Quantity
from retrieval.verification.quantities.units_of_measure import (
    CUBIC,
    CURRENCY_SIGNS,
    MINUTES,
    MONTHS,
    ORDINAL,
    PER,
    PERCENT,
    PERIODS,
    SQUARE,
    TIMES,
    UNITS,
)

# No number of a reader's text needs more; the rest of a longer one is another number.
_NUMBER = (
    r"\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:[.,]\d{1,4})?|\d{1,3}(?:,\d{3})+(?:\.\d{1,4})?|"
    r"\d{1,15}(?:[.,]\d{1,6})?"
)
_TOKEN = re.compile(
    rf"(?P<phone>\b\d{{2}}(?: \d{{2}})+\b(?! ?[€%]))"
    rf"|(?P<code>\b\d{{1,6}}(?:-\d{{1,6}})+\b|\b[A-Z]{{1,2}}\.? ?\d{{1,6}}(?:-\d{{1,4}})+\b)"
    rf"|(?P<fraction>\b\d{{1,4}}/\d{{1,4}}\b)"
    rf"|(?P<time>\b\d{{1,2}} ?h ?\d{{2}}\b|\b\d{{1,2}}:\d{{2}}\b(?: ?[ap]\.?m\b)?|"
    rf"\b\d{{1,2}} ?[ap]\.?m\b)"
    rf"|(?P<ordinal>\b\d{{1,3}}(?:er|re|e|ème|st|nd|rd|th)\b)"
    rf"|(?P<number>(?:[{CURRENCY_SIGNS}] ?)?(?<![\w.,])(?:{_NUMBER}))"
    rf"|(?P<word>[^\W\d_]+)|(?P<sign>[%{CURRENCY_SIGNS}°])",
    re.IGNORECASE,
)
_NIGHT = {"minuit": 0, "midnight": 0, "midi": 720, "noon": 720}
# "Neuf cent quatre-vingt-dix-neuf mille neuf cent quatre-vingt-dix-neuf".
_LONGEST_RUN = 12


@dataclass(frozen=True, slots=True)
class _Token:
    start: int
    end: int
    kind: str
    text: str


def quantities(text: str) -> list[Quantity]:
    """Return the quantities of a text, in order; they do not overlap."""
    found = [Quantity(start, end, date, "date") for start, end, date in dates(text)]
    taken = [(each.start, each.end) for each in found]
    tokens = [
        _Token(match.start(), match.end(), str(match.lastgroup), _written(match.group()))
        for match in _TOKEN.finditer(text)
        if not any(start < match.end() and match.start() < end for start, end in taken)
    ]
    found += _read(tokens)
    return sorted(found, key=lambda each: each.start)


def _written(word: str) -> str:
    """Return a word, folded; the preposition "à" is no article."""
    return word if word in ("à", "À") else fold(word).strip()


def _read(tokens: Sequence[_Token]) -> Iterator[Quantity]:
    place = 0
    while place < len(tokens):
        read = _numeral(tokens, place)
        if read is None:
            place += 1
            continue
        quantity, place = read
        yield quantity


def _numeral(tokens: Sequence[_Token], place: int) -> tuple[Quantity, int] | None:
    """Return the quantity that begins at a token and the place after it, None without one."""
    token = tokens[place]
    match token.kind:
        case "phone" | "code":
            return Quantity(token.start, token.end, re.sub(r"\s", "", token.text)), place + 1
        case "time":
            minutes = _minutes(token.text)
            return Quantity(token.start, token.end, minutes, MINUTES), place + 1
        case "ordinal":
            value = float(re.sub(r"\D", "", token.text))
            return Quantity(token.start, token.end, value, ORDINAL), place + 1
        case "fraction":
            top, bottom = map(int, token.text.split("/"))
            value = top / bottom if bottom else 0.0
            return Quantity(token.start, token.end, value, is_fraction=True), place + 1
        case "number":
            sign = token.text[0] if token.text[0] in CURRENCY_SIGNS else ""
            value = _decimal(token.text.lstrip(CURRENCY_SIGNS + " "))
            if sign:
                dimension, size = UNITS[sign]
                return (
                    Quantity(token.start, token.end, value * size, dimension, written=value),
                    place + 1,
                )
            return _with_unit(tokens, place, place + 1, value, is_word=False)
        case "word":
            return _in_words(tokens, place)
    return None


def _in_words(tokens: Sequence[_Token], place: int) -> tuple[Quantity, int] | None:
    token = tokens[place]
    if _is_conjunction(tokens, place) or _is_afternoon(tokens, place):
        return None
    if token.text in _NIGHT:
        value = float(_NIGHT[token.text])
        return Quantity(token.start, token.end, value, MINUTES, written=value / 60), place + 1
    if token.text in words.MULTIPLES:
        return Quantity(token.start, token.end, float(words.MULTIPLES[token.text])), place + 1
    if token.text in words.TIMES:
        value = float(words.TIMES[token.text])
        return _with_period(tokens, Quantity(token.start, token.end, value, TIMES), place + 1)
    run = _run(tokens[place : place + _LONGEST_RUN])
    value, length = words.cardinal(run)
    following = tokens[place + length].text if place + length < len(tokens) else ""
    if length and following in words.FRACTIONS:
        share = value * words.FRACTIONS[following]
        return _with_unit(tokens, place, place + length + 1, share, is_word=True, is_fraction=True)
    if length:
        return _with_unit(tokens, place, place + length, float(value), is_word=True)
    if token.text in words.ARTICLES:
        return _with_unit(tokens, place, place + 1, 1.0, is_word=True)
    if token.text in words.FRACTIONS and token.text not in ("third", "tenth"):
        share = words.FRACTIONS[token.text]
        return _with_unit(tokens, place, place + 1, share, is_word=True, is_fraction=True)
    # "The first seven days" are seven.
    if token.text in words.ORDINALS and not words.cardinal(_run(tokens[place + 1 :][:1]))[1]:
        value = words.ORDINALS[token.text]
        return Quantity(token.start, token.end, float(value), ORDINAL), place + 1
    return None


def _is_conjunction(tokens: Sequence[_Token], place: int) -> bool:
    """Whether "once" or "une fois" introduces what comes before something else."""
    first, *others = [token.text for token in tokens[place : place + 3]]
    if first == "once":
        return others[:1] != [] and others[0] in words.AFTER_ONCE
    begins = place == 0 or tokens[place - 1].end + 1 < tokens[place].start
    return [first, *others[:1]] == ["une", "fois"] and begins and others[1:] != ["par"]


def _is_afternoon(tokens: Sequence[_Token], place: int) -> bool:
    return tokens[place].text == "midi" and place > 0 and tokens[place - 1].text == "apres"


def _run(tokens: Sequence[_Token]) -> list[str]:
    """Return the first words, up to a mark of punctuation."""
    run: list[str] = []
    for place, token in enumerate(tokens):
        if token.kind != "word" or (place and token.start > tokens[place - 1].end + 1):
            break
        run.append(token.text)
    return run


def _following(tokens: Sequence[_Token], place: int) -> list[str]:
    """Return the next tokens, as far as nothing but a space or an apostrophe is between them."""
    found: list[str] = []
    for before, token in zip(tokens[place - 1 :], tokens[place : place + 3], strict=False):
        if token.start > before.end + 1:
            break
        found.append(token.text)
    return found


def _with_unit(
    tokens: Sequence[_Token],
    first: int,
    place: int,
    value: float,
    *,
    is_word: bool,
    is_fraction: bool = False,
) -> tuple[Quantity, int] | None:
    """Return the number with the unit that follows it; None for the article "un", "une"."""
    start, end = tokens[first].start, tokens[place - 1].end
    following = _following(tokens, place)
    power = ""
    skipped = 0
    # "un quart d'heure", "half a day", "250 square metres", "trente-cinq pour cent".
    while _is_before_unit(following):
        power = "²" if following[0] in SQUARE else "³" if following[0] in CUBIC else power
        following, skipped = following[1:], skipped + 1
    if following[:2] in (["pour", "cent"], ["per", "cent"]):
        unit, length = (PERCENT, 0.01), 2
    elif following[:1] and following[0] in UNITS and not (is_word and len(following[0]) == 1):
        unit, length = UNITS[following[0]], 1
    else:
        if is_word and tokens[first].text in words.ARTICLES:
            return None
        return Quantity(start, end, value, "", is_fraction, written=value), place
    is_article = is_word and place == first + 1 and tokens[first].text in words.ARTICLES
    if is_article and unit[0] in (MINUTES, MONTHS) and tokens[first].text != "one":
        before = tokens[first - 1].text if first else ""
        if before not in words.BEFORE_DURATION:
            return None
    if length == 1 and len(following) > 1 and following[1] in SQUARE | CUBIC:
        power, length = ("²" if following[1] in SQUARE else "³"), 2
    stop = place + skipped + length
    dimension = unit[0] + power
    end = tokens[stop - 1].end
    found = Quantity(start, end, value * unit[1], dimension, written=value)
    return _with_period(tokens, found, stop) if dimension == TIMES else (found, stop)


def _with_period(tokens: Sequence[_Token], times: Quantity, place: int) -> tuple[Quantity, int]:
    """Return how often something is, with the period that follows: "twice a month"."""
    per, period, *_others = [*_following(tokens, place), "", ""]
    if per not in PER or period not in PERIODS:
        return times, place
    end = tokens[place + 1].end
    return Quantity(times.start, end, times.value, f"{TIMES} a {PERIODS[period]}"), place + 2


def _is_before_unit(following: Sequence[str]) -> bool:
    if not following:
        return False
    if following[0] in {"d", "de", "of", "a", "an"} | SQUARE | CUBIC:
        return True
    # "Ten working days", of which nothing else tells that they are no weeks.
    return following[0] in words.OF_DAYS and following[1:2] != [] and following[1] in UNITS


def _minutes(text: str) -> float:
    """Return the minutes since midnight of "8 h 30", "8:30", "11 pm"."""
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    hours, minutes = numbers[0], numbers[1] if len(numbers) > 1 else 0
    if re.search(r"p\.?m$", text) and hours < 12:
        hours += 12
    elif re.search(r"a\.?m$", text) and hours == 12:
        hours = 0
    return float(60 * hours + minutes)


def _decimal(text: str) -> float:
    """Return the value of a number in French or English notation."""
    text = re.sub(r"[ \u00a0\u202f]", "", text)
    if re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", text):
        return float(text.replace(",", ""))
    return float(text.replace(",", "."))
