"""Passages that say the same."""

import random
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from instances.models import Sensitivity
from retrieval.duplicates.folding import fold_copies, say_the_same
from retrieval.results import RetrievedChunk

RULE = "Le prêt dure trois semaines. Il peut être renouvelé une fois, depuis le compte lecteur."


def passage(
    text: str,
    title: str,
    *,
    sensitivity: Sensitivity = Sensitivity.PUBLIC,
    document_id: UUID | None = None,
) -> RetrievedChunk:
    return RetrievedChunk(
        chunk_id=hash(title) % 1000, document_id=document_id or uuid4(), document_name=title,
        document_title="", unit="page", page_start=1, page_end=1, page_label="", heading="",
        text=text, char_start=0, char_end=len(text), score=1.0, cosine=0.8, bm25=1.0,
        relevance=0.0, sensitivity=sensitivity,
    )  # fmt: skip


def folded(*chunks: RetrievedChunk) -> list[tuple[str, list[str]]]:
    return [(chunk.document_name, chunk.titles_of_copies) for chunk in fold_copies(chunks)]


def test_best_of_several_copies_is_kept_and_names_the_others() -> None:
    found = folded(
        passage(RULE, "a"),
        passage("Le prêt est personnel.", "b"),
        passage(RULE.upper(), "c"),
        passage(RULE.replace("\n", " "), "d"),
    )
    assert found == [("a", ["c", "d"]), ("b", [])]


def test_copy_within_a_document_is_folded_without_a_title() -> None:
    one = uuid4()
    assert folded(passage(RULE, "a", document_id=one), passage(RULE, "a", document_id=one)) == [
        ("a", [])
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("trois", "quatre"),
        ("trois semaines", "3 semaines"),
        ("peut", "ne peut pas"),
        ("peut", "doit"),
        ("une fois", "deux fois"),
    ],
)
def test_amended_passage_is_not_folded(before: str, after: str) -> None:
    long_rule = f"{RULE} {'La carte de lecteur est demandée à chaque emprunt. ' * 8}"
    words = long_rule.casefold().split()
    amended = long_rule.replace(before, after, 1).casefold().split()
    assert not say_the_same(words, amended)


def test_opposite_is_no_spelling_of_a_word() -> None:
    words = f"{RULE} le renouvellement est possible".split() * 4
    assert not say_the_same(words, ["impossible" if w == "possible" else w for w in words])


def test_spelling_of_a_word_is_no_difference() -> None:
    words = (f"{RULE} La carte de lecteur, avec sa photographie, est demandée à l'entrée.").split()
    assert say_the_same(words, ["renouvellé" if w == "renouvelé" else w for w in words])


def test_passage_of_lower_level_is_not_folded_into_one_of_a_higher() -> None:
    found = folded(
        passage(RULE, "restricted", sensitivity=Sensitivity.RESTRICTED), passage(RULE, "public")
    )
    assert [name for name, _copies in found] == ["restricted", "public"]
    found = folded(
        passage(RULE, "public"), passage(RULE, "restricted", sensitivity=Sensitivity.RESTRICTED)
    )
    assert found == [("public", ["restricted"])]


def test_folding_any_passages_loses_none_and_keeps_their_order() -> None:
    chosen = random.Random(11)
    words = ("prêt", "pret", "durée", "semaines", "semaine", "3", "30", "non", "carte", "carré")
    n_folded = 0
    for _round in range(1000):
        texts = [" ".join(chosen.choices(words, k=chosen.randrange(1, 9))) for _ in range(8)]
        found = [
            replace(passage(text, str(place)), chunk_id=place) for place, text in enumerate(texts)
        ]
        kept = fold_copies(found)
        places = [chunk.chunk_id for chunk in kept]
        copies = [copy.chunk_id for chunk in kept for copy in chunk.copies]
        n_folded += len(copies)
        assert places == sorted(places)
        assert sorted(places + copies) == list(range(8))
        # A better passage is never folded into a worse one, and a second time changes nothing.
        assert all(copy.chunk_id > chunk.chunk_id for chunk in kept for copy in chunk.copies)
        assert fold_copies(kept) == kept
        for chunk in kept:
            numbers = {word for word in chunk.text.split() if word.isdigit()}
            for copy in chunk.copies:
                assert {word for word in texts[copy.chunk_id].split() if word.isdigit()} == numbers
    assert n_folded > 50
