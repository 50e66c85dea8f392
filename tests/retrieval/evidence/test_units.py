"""The units of passages: what is a sentence, an item, a row, and what is never a quote."""

import random

import pytest

from retrieval.evidence.units import Kind, passage_units

SENTENCE = "Le prêt dure trois semaines."
BLOCKS = {
    "heading": ("Article 2 – Inscription", [Kind.HEADING]),
    "capitals": ("LE PRÉSIDENT DU CSN", [Kind.HEADING]),
    "question of an FAQ": ("Comment réserver une salle ?", [Kind.HEADING]),
    "contents": ("Chapitre 2 – Les prêts .......... 14", [Kind.CONTENTS]),
    "contents with a gap": ("Les sanctions      27", [Kind.CONTENTS]),
    "sentence": (SENTENCE, [Kind.SENTENCE]),
    "two sentences": (f"{SENTENCE} Il est gratuit.", [Kind.SENTENCE, Kind.SENTENCE]),
    "labelled value": ("Téléphone : 01 40 00 00 00", [Kind.SENTENCE]),
    "list": (
        "Il fournit :\n- une photo ;\n– un bail ;\n• une carte.",
        [Kind.SENTENCE, Kind.ITEM, Kind.ITEM, Kind.ITEM],
    ),
    "numbered list": ("1. Rincer.\n2. Sécher.", [Kind.ITEM, Kind.ITEM]),
    "table": (
        "| Site | Heure |\n| --- | --- |\n| BUR | 8 h |\n| Droit | 9 h |",
        [Kind.TABLE_HEADER, Kind.ROW, Kind.ROW],
    ),
}


def kinds(text: str) -> list[Kind]:
    return [unit.kind for unit in passage_units(text)]


@pytest.mark.parametrize(("block", "expected"), BLOCKS.values(), ids=BLOCKS)
def test_kinds_of_a_block_between_others(block: str, expected: list[Kind]) -> None:
    assert kinds(f"{SENTENCE}\n\n{block}\n\n{SENTENCE}") == [
        Kind.SENTENCE,
        *expected,
        Kind.SENTENCE,
    ]


@pytest.mark.parametrize("seed", range(30))
def test_any_blocks_give_their_units_in_order(seed: int) -> None:
    chosen = random.Random(seed).choices(list(BLOCKS.values()), k=8)
    text = "\n\n".join(block for block, _kinds in chosen)
    units = passage_units(text)
    assert [unit.kind for unit in units] == [kind for _block, found in chosen for kind in found]
    ends = [0, *(unit.end for unit in units)]
    for before, unit in zip(ends, units, strict=False):
        assert before <= unit.start < unit.end
        assert text[unit.start : unit.end] == text[unit.start : unit.end].strip()


def test_passage_that_begins_within_a_sentence_begins_with_a_fragment() -> None:
    assert kinds("de la commission. Le prêt dure un an.") == [Kind.FRAGMENT, Kind.SENTENCE]


def test_item_has_its_lead_in_and_row_its_header() -> None:
    table = "| A | B |\n| --- | --- |\n| 1 | 2 |"
    text = f"Sanctions\n\nIl encourt :\n\n- un blâme ;\n- un renvoi.\n\n{table}"
    units = passage_units(text)
    assert [(unit.kind, unit.lead) for unit in units[2:]] == [
        (Kind.ITEM, 1),
        (Kind.ITEM, 1),
        (Kind.TABLE_HEADER, -1),
        (Kind.ROW, 4),
    ]
    assert {unit.heading for unit in units[1:]} == {0}


def test_only_line_of_a_passage_is_no_heading() -> None:
    assert kinds("Prêt de trois semaines") == [Kind.SENTENCE]
