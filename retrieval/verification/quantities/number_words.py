"""Numbers written in words, in French and English: "vingt-cinq", "three quarters", "le double"."""

from collections.abc import Mapping, Sequence

_UNITS = (
    "zero un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"
)
_UNITS_EN = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
CARDINALS: Mapping[str, int] = (
    {word: n for n, word in enumerate(_UNITS.split())}
    | {word: n for n, word in enumerate(_UNITS_EN.split())}
    | {"une": 1, "vingt": 20, "vingts": 20, "trente": 30, "quarante": 40, "cinquante": 50}
    | {"soixante": 60, "septante": 70, "octante": 80, "nonante": 90, "twenty": 20, "thirty": 30}
    | {"forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
)
MULTIPLIERS: Mapping[str, int] = {
    "cent": 100,
    "cents": 100,
    "hundred": 100,
    "mille": 1000,
    "thousand": 1000,
    "million": 10**6,
    "millions": 10**6,
    "milliard": 10**9,
    "milliards": 10**9,
    "billion": 10**9,
}
FRACTIONS: Mapping[str, float] = {
    "moitie": 0.5,
    "demi": 0.5,
    "demie": 0.5,
    "half": 0.5,
    "tiers": 1 / 3,
    "third": 1 / 3,
    "thirds": 1 / 3,
    "quart": 0.25,
    "quarts": 0.25,
    "quarter": 0.25,
    "quarters": 0.25,
    "dixieme": 0.1,
    "tenth": 0.1,
    "centieme": 0.01,
    "millieme": 0.001,
    "thousandth": 0.001,
}
# How much, and how often.
MULTIPLES: Mapping[str, int] = {"double": 2, "triple": 3, "quadruple": 4}
TIMES: Mapping[str, int] = {"once": 1, "twice": 2, "thrice": 3}
# "Once the disk is destroyed" counts nothing.
AFTER_ONCE = frozenset(
    [
        "the",
        "this",
        "that",
        "these",
        "it",
        "he",
        "she",
        "they",
        "we",
        "you",
        "i",
        "your",
        "our",
        "their",
        "all",
    ]
)
ARTICLES = frozenset({"un", "une", "a", "an", "one"})
# "Within an hour" is a duration, "£20 a week" is not.
_BEFORE_DURATION = (
    "for within after pendant dans sous d de apres pour last lasts dure durent during than que "
    "moins plus about environ"
)
BEFORE_DURATION = frozenset(_BEFORE_DURATION.split())
# Before a unit of time: "ten working days".
OF_DAYS = frozenset({"working", "business", "calendar", "consecutive", "clear", "full", "whole"})
ORDINALS: Mapping[str, int] = {
    "premier": 1,
    "premiere": 1,
    "first": 1,
    "deuxieme": 2,
    "second": 2,
    "seconde": 2,
    "troisieme": 3,
    "third": 3,
    "quatrieme": 4,
    "fourth": 4,
    "cinquieme": 5,
    "fifth": 5,
    "sixieme": 6,
    "sixth": 6,
}
_JOINTS = frozenset({"et", "and"})


def cardinal(words: Sequence[str]) -> tuple[int, int]:
    """Return the number that the first of the folded ``words`` say, and of how many words it is.

    (0, 0) when the first word is no number.
    """
    total = current = length = 0
    has_number = False
    for place, word in enumerate(words):
        if word in CARDINALS:
            value = CARDINALS[word]
            if has_number and not _continues(current, value):
                break
            # "quatre-vingts".
            current += 76 if (current % 100, value) == (4, 20) else value
        elif word in MULTIPLIERS:
            factor = MULTIPLIERS[word]
            if factor == 100:
                current = max(current, 1) * 100
            else:
                total, current = total + max(current, 1) * factor, 0
        elif word in _JOINTS and has_number and _is_joined(current, words[place + 1 : place + 2]):
            continue
        else:
            break
        has_number, length = True, place + 1
    return (total + current, length) if has_number else (0, 0)


def _continues(current: int, value: int) -> bool:
    """Whether a number continues: "soixante-dix", "cent vingt", not "deux trois"."""
    if (current % 100, value) == (4, 20):
        return True
    if current % 100 == 0:
        return True
    if current % 100 in (10, 70, 90) and 7 <= value <= 9:
        return True
    is_ten = current % 10 == 0 and current % 100 >= 20
    return is_ten and (value < 10 or (current % 100 in (60, 80) and value < 20))


def _is_joined(current: int, following: Sequence[str]) -> bool:
    """Whether "et" is part of a number: "vingt et un", "one hundred and five"."""
    if not following or following[0] not in CARDINALS:
        return False
    is_french = (
        current % 10 == 0
        and 20 <= current % 100 <= 60
        and following[0] in (("un", "une", "onze") if current % 100 == 60 else ("un", "une"))
    )
    return is_french or (current % 100 == 0 and current >= 100 and following[0] in CARDINALS)
