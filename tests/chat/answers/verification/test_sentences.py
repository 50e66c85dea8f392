"""The sentences of answers in Markdown, and the passages that each cites."""

import random

import pytest

from chat.answers.verification.sentences import answer_sentences


def sentences(answer: str) -> list[tuple[str, tuple[int, ...]]]:
    return [(each.text, each.cited) for each in answer_sentences(answer)]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Un prêt est gratuit [1]. Il dure un mois [2][3].",
         [("Un prêt est gratuit .", (1,)), ("Il dure un mois .", (2, 3))]),
        ("Un prêt est gratuit. [1] Il dure un mois. [2]",
         [("Un prêt est gratuit.", (1,)), ("Il dure un mois.", (2,))]),
        ("L'article L. 3141-5 s'applique [1, 2].", [("L'article L. 3141-5 s'applique .", (1, 2))]),
        ("**Gratuit** : *oui*, voir [le site](https://x.example) [4].",
         [("Gratuit : oui, voir le site .", (4,))]),
        ("Un [1]. **Deux.** *Trois* quatre [2].",
         [("Un .", (1,)), ("Deux.", ()), ("Trois quatre .", (2,))]),
        ("# Prêt\n\n> Il dure un mois [1].", [("Il dure un mois .", (1,))]),
        ("1. Rincer l'œil [1]\n2. Voir un médecin [2]",
         [("Rincer l'œil", (1,)), ("Voir un médecin", (2,))]),
        ("```\ncode [1]. Encore.\n```\nAprès le code [2].", [("Après le code .", (2,))]),
        ("| Lecteur | Durée |\n|---|---|\n| Master | 4 semaines [1] |",
         [("Lecteur Master; Durée 4 semaines", (1,))]),
    ],
    ids=[
        "after", "behind", "abbreviation", "emphasis", "emphasised", "quote", "list", "code",
        "table",
    ],
)  # fmt: skip
def test_answer_is_cut_into_sentences_with_citations(answer, expected):
    assert sentences(answer) == expected


def test_items_know_what_introduces_them():
    found = list(answer_sentences("Sont exclus :\n- les cartes [1]\n- les plans [1]\n\nFin [2]."))
    assert [(each.lead, each.is_statement) for each in found] == [
        ("", False), ("Sont exclus :", True), ("Sont exclus :", True), ("", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "answer", ["Soit $x = 2$ [1].", "$$x = 2$$", "$$\nx = 2\n$$", "| A | B |\n|---|---|\n| 1 | 2 |"]
)
def test_formulas_and_rows_that_cite_nothing_are_no_statements(answer):
    assert not any(each.is_statement for each in answer_sentences(answer))


def test_spans_of_any_answer_are_in_order():
    pieces = [
        "Un mot",
        " ",
        "[1]",
        "[2, 3]",
        ".",
        "\n",
        "- ",
        "| ",
        " |",
        "# ",
        "**",
        "```",
        ": ",
        "?",
    ]
    chosen = random.Random(3)
    for _answer in range(500):
        answer = "".join(chosen.choices(pieces, k=chosen.randrange(40)))
        places = [p for each in answer_sentences(answer) for p in (each.start, each.end)]
        assert places == sorted(places)
        assert all(0 <= place <= len(answer) for place in places)
