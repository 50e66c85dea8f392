"""Kinds and dates of documents in questions, French and English."""

from datetime import date

import pytest

from retrieval.filters.kinds import category_patterns
from retrieval.filters.reading import read_filter

CATEGORIES = category_patterns(["Fiche métier", "Règlement intérieur"])


@pytest.mark.parametrize(
    ("question", "kind", "since", "until"),
    [
        ("Que disent les circulaires de 2023 ?", "circulaires", "2023-01-01", "2023-12-31"),
        ("Que dit le rapport d'activité 2022 ?", "rapport d'activité", "2022-01-01", "2022-12-31"),
        ("Que dit le rapport annuel pour 2022 ?", "rapport annuel", "2022-01-01", "2022-12-31"),
        ("Quels arrêtés depuis mars 2024 ?", "arrêtés", "2024-03-01", None),
        ("Les circulaires avant 2020", "circulaires", None, "2019-12-31"),
        ("Les circulaires après mars 2024", "circulaires", "2024-04-01", None),
        ("Les comptes rendus entre 2020 et 2022", "comptes rendus", "2020-01-01", "2022-12-31"),
        ("Que dit la circulaire du 14 mars 2022 ?", "circulaire", "2022-03-14", "2022-03-14"),
        ("What do the 2021 minutes say?", "minutes", "2021-01-01", "2021-12-31"),
        ("The annual report of 2022", "annual report", "2022-01-01", "2022-12-31"),
        ("In the documents since 2020", "", "2020-01-01", None),
        ("Les fiches métier de 2021", "fiches métier", "2021-01-01", "2021-12-31"),
        ("Selon le règlement intérieur, peut-on fumer ?", "règlement intérieur", None, None),
    ],
)
def test_kind_and_date_are_read(question, kind, since, until):
    found = read_filter(question, CATEGORIES)
    assert found is not None
    assert found.kind == kind
    assert found.since == (since and date.fromisoformat(since))
    assert found.until == (until and date.fromisoformat(until))


@pytest.mark.parametrize(
    "question",
    [
        "Combien d'étudiants en 2023 ?",
        "Qui signe le rapport d'activité ?",
        "Depuis mars 2024, qui signe les ordres de mission ?",
        "Qui rédige le règlement intérieur ?",
        "What happened in 2021?",
        "Que dit la circulaire du 31 février 2022 ?",
        "",
    ],
)
def test_other_questions_name_no_documents(question):
    assert read_filter(question, CATEGORIES) is None


def test_latest_document_of_a_kind_is_asked_for():
    found = read_filter("Que dit le dernier rapport d'activité ?", {})
    assert found is not None
    assert (found.kind, found.is_latest) == ("rapport d'activité", True)
