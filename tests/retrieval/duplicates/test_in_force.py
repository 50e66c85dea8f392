"""What was in force, of passages that say nearly the same."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from instances.models import Sensitivity
from retrieval.duplicates.in_force import in_force_first, prefer_in_force, year_asked
from retrieval.results import RetrievedChunk

NOW = date.max.year
OLD = "Un repas complet coûte 5,40 € et le café 0,60 €. Le paiement se fait par carte."
NEW = "Un repas complet coûte 5,95 € et le café 0,80 €. Le paiement se fait par carte."
OTHER = "Le télétravail est autorisé deux jours par semaine, après accord du chef de service."


def passage(name: str, text: str, **fields: Any) -> RetrievedChunk:
    defaults: dict[str, Any] = {
        "chunk_id": 1, "document_id": uuid4(), "document_name": name, "document_title": "",
        "unit": "page", "page_start": 1, "page_end": 1, "page_label": "", "heading": "",
        "text": text, "char_start": 0, "char_end": len(text), "score": 1.0, "cosine": 0.85,
        "bm25": 5.0, "relevance": 0.0, "sensitivity": Sensitivity.PUBLIC,
    }  # fmt: skip
    return RetrievedChunk(**(defaults | fields))


def names(*chunks: RetrievedChunk, year: int = NOW) -> list[str]:
    return [chunk.document_name for chunk in in_force_first(chunks, year)]


@pytest.mark.parametrize(
    "question",
    [
        "Quel est le tarif actuel du café ?",
        "Quelles sont les règles en vigueur ?",
        "Combien coûte un repas aujourd’hui ?",
        "À présent, qui signe ?",
        "What is the current rate?",
        "What is the latest limit?",
        "How many days are allowed now?",
    ],
)
def test_question_asks_for_the_present(question: str) -> None:
    assert year_asked(question) == NOW


@pytest.mark.parametrize(
    "question",
    [
        "Comment le tarif a-t-il changé de 2021 à 2024 ?",
        "Qui représente le directeur ?",
        "Comment actualiser son dossier ?",
        "What is the currency of the grant?",
        "Who is known as the founder?",
    ],
)
def test_question_names_no_time(question: str) -> None:
    assert year_asked(question) is None


def test_question_asks_for_a_year() -> None:
    assert year_asked("Quel était le tarif du café en 2021 ?") == 2021


def test_newer_passage_takes_the_place_and_the_score_of_the_older() -> None:
    found = in_force_first(
        [
            passage("old.md", OLD, document_dated=date(2021, 1, 1), score=9.0),
            passage("other.md", OTHER, document_dated=date(2025, 1, 1), score=8.0),
            passage("new.md", NEW, document_dated=date(2024, 1, 1), score=7.0),
        ],
        NOW,
    )
    assert [(chunk.document_name, chunk.score) for chunk in found] == [
        ("new.md", 9.0), ("old.md", 8.0), ("other.md", 7.0),
    ]  # fmt: skip


def test_moved_passage_names_the_one_that_it_precedes() -> None:
    chunks = [
        passage("old.md", OLD, document_dated=date(2021, 1, 1), chunk_id=7),
        passage("new.md", NEW, document_dated=date(2024, 1, 1), chunk_id=8),
    ]
    moved = prefer_in_force("Quel est le tarif actuel ?", chunks)
    assert [chunk.put_before for chunk in moved] == [7, None]
    assert prefer_in_force("Quel est le tarif ?", chunks) == chunks


def test_newest_of_three_is_first_and_years_in_names_count() -> None:
    found = names(
        passage("tarifs 2019.md", OLD), passage("tarifs-2024.md", NEW), passage("2022.md", OLD)
    )
    assert found == ["tarifs-2024.md", "2022.md", "tarifs 2019.md"]


@pytest.mark.parametrize(
    ("year", "first"), [(2018, "2024.md"), (2020, "2019.md"), (2023, "2022.md"), (2025, "2024.md")]
)
def test_what_was_in_force_in_a_year_is_first(year: int, first: str) -> None:
    chunks = [passage("2024.md", NEW), passage("2019.md", OLD), passage("2022.md", OLD)]
    assert names(*chunks, year=year)[0] == first


@pytest.mark.parametrize(
    "newer",
    [
        {"name": "undated.md", "text": NEW},
        {"name": "2024.md", "text": OTHER},
        {"name": "2024.md", "text": NEW, "bm25": 3.0},
        {"name": "2024.md", "text": NEW, "cosine": 0.8},
    ],
    ids=["without a date", "says something else", "lacks words of the question", "is further"],
)
def test_order_remains_when_the_other(newer: dict[str, Any]) -> None:
    assert names(passage("2021.md", OLD), passage(**newer)) == ["2021.md", newer["name"]]
