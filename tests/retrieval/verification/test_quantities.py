"""Numbers, amounts, durations and dates: two ways to write one are equal."""

import random

import pytest

from retrieval.verification.quantities.number_words import cardinal
from retrieval.verification.quantities.reading import quantities


def only(text: str):
    (found,) = quantities(text)
    return found


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("25 %", "vingt-cinq pour cent"),
        ("75 %", "trois quarts"),
        ("1 200 €", "1200 euros"),
        ("£1,200", "1200 pounds"),
        ("0,20 €", "20 centimes"),
        ("2,14 €", "2.14 euros"),
        ("3 mars 2024", "03/03/2024"),
        ("3 mars 2024", "2024-03-03"),
        ("3 March 2024", "March 3, 2024"),
        ("15 novembre", "15/11"),
        ("48 heures", "deux jours"),
        ("2 weeks", "fourteen days"),
        ("a year", "douze mois"),
        ("un quart d'heure", "15 minutes"),
        ("8 h 30", "8:30"),
        ("20 h", "8 pm"),
        ("midnight", "0 h"),
        ("quatre-vingt-dix-sept", "97"),
        ("mille deux cents", "1 200"),
        ("deuxième", "2e"),
        ("twice", "2 fois"),
        ("1/1000", "un millième"),
        ("12 documents", "douze documents"),
        ("the first seven days", "7 days"),
    ],
)
def test_same_quantity_in_two_forms_is_equal(text, same):
    first, second = only(f"pour {text}"), only(f"pour {same}")
    assert first.equals(second)
    assert second.equals(first)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("25 %", "30 %"),
        ("25 €", "25 £"),
        ("3 mars 2024", "3 mai 2024"),
        ("3 mars 2024", "3 mars 2023"),
        ("trois mois", "trois ans"),
        ("250 square metres", "250 square feet"),
        ("250 square metres", "250 metres"),
        ("20 h", "8 h"),
        ("lundi", "mardi"),
        ("une fois", "deux fois"),
    ],
)
def test_different_quantities_are_not_equal(text, other):
    assert not only(f"pour {text}").equals(only(f"pour {other}"))


def test_date_may_leave_out_what_the_source_says():
    assert only("en mars 2024").equals(only("le 3 mars 2024"))
    assert only("le 3 mars").equals(only("le 3 mars 2024"))
    assert not only("le 3 mars 2024").equals(only("en 2024"))


def test_so_many_attempts_are_as_many_times():
    assert only("ten times").equals(only("ten attempts"))
    assert not only("ten times").equals(only("ten days"))


def test_how_often_has_its_period():
    assert only("deux fois par an").equals(only("twice a year"))
    assert not only("deux fois par mois").equals(only("deux fois par an"))
    assert only("deux fois").equals(only("deux fois par an"))
    assert not only("deux fois par an").equals(only("deux fois"))


def test_working_days_are_days():
    assert only("ten working days").equals(only("dix jours ouvrés"))
    assert not only("ten working weeks").equals(only("ten working days"))


def test_unit_may_be_in_the_header_of_a_table_only():
    assert only("171 €").equals(only("| 171 |"), in_cell=True)
    assert not only("171 €").equals(only("171"))


@pytest.mark.parametrize(
    "text",
    [
        "une personne",
        "un agent",
        "£20 a week",
        "you may go",
        "neufs",
        "à l'étranger",
        "once the disk is destroyed",
        "Une fois rentré",
        "ouvert l'après-midi",
    ],
)
def test_articles_and_other_words_are_no_quantities(text):
    assert [each.written_in(text) for each in quantities(text)] in ([], ["£20"])


@pytest.mark.parametrize("language", ["french", "english"])
def test_number_words_up_to_a_thousand_are_read(language):
    write = _french if language == "french" else _english
    for number in range(1000):
        words = write(number).split()
        assert cardinal(words) == (number, len(words))


def test_quantities_of_any_text_are_in_order_and_do_not_overlap():
    pieces = ["12", " ", "1er", "mars", "%", "€", "h", ",", ".", "/", "-", "vingt", "et", "\u00a0"]
    chosen = random.Random(7)
    for _text in range(500):
        text = "".join(chosen.choices(pieces, k=chosen.randrange(30)))
        found = quantities(text)
        places = [place for each in found for place in (each.start, each.end)]
        assert places == sorted(places)
        assert all(0 <= each.start < each.end <= len(text) for each in found)


_FRENCH_WORDS = (
    "zero un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize "
    "dix-sept dix-huit dix-neuf"
)
_ENGLISH_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_TENS = (
    "vingt trente quarante cinquante soixante soixante quatre-vingt quatre-vingt",
    "twenty thirty forty fifty sixty seventy eighty ninety",
)
_FRENCH, _ENGLISH = _FRENCH_WORDS.split(), _ENGLISH_WORDS.split()
_FRENCH_TENS, _ENGLISH_TENS = (words.split() for words in _TENS)


def _french(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    words = [] if not hundreds else ["cent"] if hundreds == 1 else [_FRENCH[hundreds], "cent"]
    if rest >= 20:
        tens = rest // 10
        unit = rest - 10 * (tens if tens < 7 else tens - tens % 2)
        joint = ["et"] if unit in (1, 11) and tens < 8 else []
        words += [_FRENCH_TENS[tens - 2], *joint, *([_FRENCH[unit]] if unit else [])]
    elif rest or not hundreds:
        words.append(_FRENCH[rest])
    return " ".join(words).replace("-", " ")


def _english(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    words = [_ENGLISH[hundreds], "hundred"] if hundreds else []
    if hundreds and rest:
        words.append("and")
    if rest >= 20:
        words += [_ENGLISH_TENS[rest // 10 - 2], *([_ENGLISH[rest % 10]] if rest % 10 else [])]
    elif rest or not hundreds:
        words.append(_ENGLISH[rest])
    return " ".join(words).replace("-", " ")
