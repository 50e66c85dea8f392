"""Citation marks, and quotes cut out of the passages themselves."""

import pytest

from chat.answers.quoting.quotes import cited_numbers, quotes, supporting_words, units

PASSAGE = (
    "Le congé annuel est de vingt-cinq jours. La demande se fait auprès du service du personnel. "
    "Elle est déposée un mois avant le départ."
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Vingt-cinq jours [1].", [1]),
        ("Deux sources [2][1] puis [2].", [2, 1]),
        ("Ensemble [1, 3] et [2;3].", [1, 3, 2]),
        ("Numéro inconnu [9], zéro [0].", []),
        ("Un lien [1](https://example.org) n'est pas une citation.", []),
        (r"Un crochet échappé \[1] non plus.", []),
        ("Une année [2024] non plus.", []),
    ],
    ids=["one", "repeated", "grouped", "unknown", "link", "escaped", "year"],
)
def test_cited_numbers_are_read_from_text(text: str, expected: list[int]) -> None:
    assert cited_numbers(text, n_chunks=3) == expected


def test_quote_is_verbatim_and_supports_the_statement() -> None:
    found = quotes("Vous avez droit à vingt-cinq jours de congé annuel [1].", [PASSAGE])
    assert found == {1: "Le congé annuel est de vingt-cinq jours."}


def test_quote_takes_in_a_neighbour_that_adds_to_the_statement() -> None:
    said = "La demande, déposée un mois avant le départ, se fait auprès du service du personnel"
    quote = supporting_words(said, PASSAGE)
    assert quote in PASSAGE
    assert quote.startswith("La demande")
    assert quote.endswith("avant le départ.")


def test_citation_after_a_full_stop_belongs_to_the_sentence_before() -> None:
    found = quotes("Elle est déposée un mois avant. [1]", [PASSAGE])
    assert found == {1: "Elle est déposée un mois avant le départ."}


def test_unsupported_statement_gets_no_quote() -> None:
    assert quotes("La lune est en fromage [1].", [PASSAGE]) == {1: ""}


def test_rows_of_a_table_are_quoted_one_by_one() -> None:
    table = "| Grade | Jours |\n| --- | --- |\n| Doctorant | 25 |\n| Maître de conférences | 30 |"
    assert supporting_words("Un maître de conférences a 30 jours", table) == (
        "| Maître de conférences | 30 |"
    )
    assert all(table[start:end].startswith("|") for start, end in units(table))
