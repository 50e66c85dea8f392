"""The analyser, and BM25's two sides."""

import pytest

from ingestion.indexing import lexical
from ingestion.models import TERM_SPACE


def terms(text: str) -> set[int]:
    return set(lexical.analyse(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("réglementation", "reglementation", id="accents"),
        pytest.param("ÉTUDIANT", "étudiant", id="case"),
        pytest.param("l’étudiante", "étudiante", id="elision-typographic"),
        pytest.param("jusqu'aujourd", "aujourd", id="elision-long"),
        pytest.param("étudiants", "étudiant", id="french-plural"),
        pytest.param("inscrits", "inscrit", id="french-participle"),
        pytest.param("registrations", "registration", id="english-plural"),
        pytest.param("cœur", "coeur", id="ligature"),
        pytest.param("ﬁnance", "finance", id="typographic-ligature"),
        pytest.param("contrat-type", "contrat type", id="hyphen"),
        pytest.param("e\u0301tude", "étude", id="decomposed"),
    ],
)
def test_forms_of_a_word_are_one_term(one: str, other: str) -> None:
    assert terms(one) == terms(other) != set()


@pytest.mark.parametrize("text", ["", "  … !", "quel est le", "what is the"])
def test_stop_words_have_no_term(text: str) -> None:
    assert not lexical.analyse(text)


def test_numbers_and_names_are_kept() -> None:
    assert len(terms("article L1237-11 de 2024")) == 4


def test_counts_and_range() -> None:
    counts = lexical.analyse("La thèse, une thèse, des thèses et un jury.")
    assert sorted(counts.values()) == [1, 3]
    assert all(0 <= term < TERM_SPACE for term in counts)


def test_analysis_does_not_depend_on_the_process() -> None:
    assert terms("université") == {lexical.crc32(b"universit") % TERM_SPACE}


def test_weights_saturate_and_prefer_short_passages() -> None:
    once, often = (lexical.passage_weights(lexical.analyse("jury " * n)) for n in (1, 50))
    (weight_once,), (weight_often,) = once.values(), often.values()
    assert 0 < weight_once < weight_often < lexical.SATURATION
    diluted = lexical.passage_weights(lexical.analyse("jury " + "rapport " * 200))
    (jury,) = lexical.analyse("jury")
    assert diluted[jury] < weight_once


def test_idf_falls_with_frequency_and_stays_positive() -> None:
    values = [lexical.idf(frequency, 100) for frequency in (1, 10, 50, 100)]
    assert values == sorted(values, reverse=True)
    assert values[-1] > 0
    assert lexical.idf(0, 100) == lexical.UNSEEN_IDF


def test_sparsevec_text_gives_the_terms_back() -> None:
    weights = {TERM_SPACE - 1: 0.5, 0: 1.25, 77: 2.0}
    assert lexical.to_sparsevec(weights) == f"{{1:1.25,78:2,{TERM_SPACE}:0.5}}/{TERM_SPACE}"
    assert lexical.sparsevec_terms(lexical.to_sparsevec(weights)) == sorted(weights)
    assert lexical.sparsevec_terms(lexical.to_sparsevec({})) == []
