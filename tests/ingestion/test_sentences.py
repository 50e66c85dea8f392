"""Sentences: text made of known sentences is split into these again."""

import random

import pytest

from ingestion.chunking.sentences import sentence_spans

SENTENCES = [
    "Le congé est régi par l'art. L. 3141-5 du Code du travail.",
    "Voir aussi les arts. R. 123-4 et D. 212-1, al. 2.",
    "M. Durand et Mme Petit ont été reçus par le Pr. Martin.",
    "La Cour l'a jugé (Cass. civ. 2, 12 janv. 2020, n° 18-25.001).",
    "Le plafond est de 1.250,50 € par an !",
    "Peut-on renouveler le prêt ?",
    "« Le prêt est personnel. »",
    "Il a répondu : « Non. »",
    "The U.S. office is described in fig. 3 (see pp. 12 and 13).",
    "Dr. Smith, i.e. the chair, agreed with Prof. Jones.",
    "The fee is £12.50 (e.g. for a lost card).",
    "It was founded by J. R. R. Tolkien in No. 7.",
    "Cf. Le guide des missions, p. 4.",
    "Le dossier comprend trois pièces…",
    "Est-ce vrai ?!",
]


@pytest.mark.parametrize("seed", range(40))
def test_joined_sentences_are_split_again(seed: int) -> None:
    chosen = random.Random(seed).choices(SENTENCES, k=12)
    text = " ".join(chosen)
    assert [text[start:end] for start, end in sentence_spans(text)] == chosen


@pytest.mark.parametrize("seed", range(40))
def test_spans_are_in_order_and_leave_out_only_white_space(seed: int) -> None:
    parts = [*SENTENCES, "- un", "1. Deux", "| a | b |", "\n", "\n\n", "  ", "…", "».", "(", "«"]
    text = " ".join(random.Random(seed).choices(parts, k=30))
    spans = list(sentence_spans(text))
    ends = [0, *(end for _start, end in spans)]
    for before, (start, end) in zip(ends, spans, strict=False):
        assert before <= start < end
        assert not text[before:start].strip()
        assert text[start:end] == text[start:end].strip()
    assert not text[ends[-1] :].strip()


@pytest.mark.parametrize(
    "item",
    [
        "1. Rincer à l'eau.",
        "2.3. Le jury délibère.",
        "a. La carte.",
        "b) Le bail.",
        "IV. Le titre.",
    ],
)
def test_mark_of_an_item_is_no_sentence(item: str) -> None:
    assert list(sentence_spans(item)) == [(0, len(item))]
