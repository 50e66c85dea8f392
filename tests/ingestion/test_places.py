"""The place of a passage in words: the labels of its pages, or their numbers."""

import pytest
from django.utils import translation

from ingestion.places import Place, place_of


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (Place("Rules", "page", 3, 3), "page 3"),
        (Place("Rules", "page", 3, 4), "pages 3–4"),
        (Place("Rules", "page", 4, 4, "iv"), "page iv"),
        (Place("Rules", "page", 4, 6, "iv", "vi"), "pages iv–vi"),
        (Place("Rules", "page", 4, 5, "iv", ""), "pages iv–5"),
        (Place("Rules", "page", 2, 3, "", "A-1"), "pages 2–A-1"),
        (Place("Rules", "slide", 2, 3), "slides 2–3"),
        (Place("Accounts", "sheet", 1, 1, "Budget"), "Budget"),
        (Place("Accounts", "sheet", 1, 2, "Budget", "Staff"), "Budget – Staff"),
        (Place("Accounts", "sheet", 1, 2, "Budget"), "Budget"),
        (Place("Talk", "section", 1, 4, "00:00:05", "00:06:10"), "00:00:05 – 00:06:10"),
        (Place("Code", "section", 2, 2, "f · lines 4–9"), "f · lines 4–9"),
        (Place("Rules", "section", 2, 2, "Rules"), "section 2"),
        (Place("Rules", "section", 1, 2, "Rules", "Leave"), "sections 1–2"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_place_has_the_labels_of_its_pages(place: Place, words: str) -> None:
    assert place_of(place) == words


def test_words_begin_with_a_capital_and_names_stay() -> None:
    assert place_of(Place("Rules", "page", 4, 4, "iv"), capitalised=True) == "Page iv"
    assert place_of(Place("Rules", "sheet", 4, 4, "budget"), capitalised=True) == "budget"
    with translation.override("fr"):
        assert place_of(Place("Rules", "slide", 2, 2), capitalised=True) == "Diapositive 2"
