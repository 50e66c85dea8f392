"""When a passage is relevant: its sentences hold what the question asks for."""

import numpy as np
import pytest

from ingestion.indexing import lexical
from instances.models import Instance
from retrieval.evidence.questions import read_question
from retrieval.fusion import WeightedQuery
from retrieval.relevance import JUDGED, THRESHOLDS, unrelated_cosine, with_relevance
from tests.chat.answers.quoting.test_extractive import passage

E5 = "intfloat/multilingual-e5-small"
RULES = (
    "Le prêt est personnel. Un étudiant de licence peut emprunter huit livres pour trois semaines. "
    "Tout retard entraîne une amende. Les salles de travail se réservent à l'accueil."
)
BALANCED = THRESHOLDS[Instance.Strictness.BALANCED]


def relevance(
    question: str,
    text: str = RULES,
    *,
    cosine: float = 0.82,
    model: str = E5,
    mean_cosine: float | None = 0.79,
    chunk_count: int = 50,
) -> float:
    """The relevance of a passage in an instance of its subject that uses its words, all as rare."""
    words = lexical.analyse(question).keys() & lexical.analyse(text).keys()
    query = WeightedQuery(
        embedding=np.ones(1, np.float32),
        terms=dict.fromkeys(words, 2.0),
        best_bm25=20.0,
        cosine_sigma=0.025,
        mean_cosine=mean_cosine,
        chunk_count=chunk_count,
    )
    chunk = passage(text, cosine=cosine, bm25=4.0)
    (found,) = with_relevance(read_question(question), query, [chunk], model)
    return found.relevance


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Combien de livres un étudiant peut-il emprunter ?", True),
        ("Comment réserver une salle de travail ?", True),
        ("Combien de livres possède la bibliothèque ?", False),
        ("Qui est la directrice de la bibliothèque ?", False),
        ("Comment devenir conservateur ?", False),
        ("Peut-on emprunter un ordinateur portable à Marseille en 2024 ?", False),
        ("Qu'est-ce que le PEB ?", False),
    ],
)
def test_words_of_the_question_must_be_together(question: str, expected: bool) -> None:
    assert (relevance(question) >= BALANCED) is expected


def test_relevance_grows_with_the_cosine() -> None:
    question = "Combien de livres peut-on emprunter ?"
    assert relevance(question, cosine=0.80) < relevance(question, cosine=0.85)


def test_number_must_be_there_when_it_is_asked_for() -> None:
    question = "Combien de livres peut-on emprunter ?"
    with_number = relevance(question, "On peut emprunter huit livres à la fois.")
    without = relevance(question, "On peut emprunter des livres à la fois.")
    assert without < with_number


def test_passage_in_another_language_needs_the_meaning_alone() -> None:
    question = "How many books can a student borrow from the library?"
    assert relevance(question, cosine=0.87) >= BALANCED
    assert relevance(question, cosine=0.78) < BALANCED


def test_each_strictness_has_a_higher_threshold() -> None:
    levels = [level for level in Instance.Strictness if level != Instance.Strictness.CALIBRATED]
    thresholds = [THRESHOLDS[level] for level in levels]
    assert thresholds == sorted(thresholds)


def test_unrelated_cosine_is_between_those_of_model_and_instance() -> None:
    usual = unrelated_cosine(None, E5)
    assert usual is not None
    assert unrelated_cosine(0.81, E5) == pytest.approx(0.6 * 0.81 + 0.4 * usual)
    assert unrelated_cosine(0.3, "another/model") == 0.3


def test_subject_alone_is_no_evidence_where_all_documents_have_it() -> None:
    question = "Combien de livres peut-on emprunter ?"
    assert relevance(question, mean_cosine=0.82) < relevance(question, mean_cosine=0.76)


def test_nearest_of_many_passages_is_nearer() -> None:
    question = "Combien de livres peut-on emprunter ?"
    assert relevance(question, chunk_count=5000) < relevance(question, chunk_count=50)
    assert relevance(question, chunk_count=5) == relevance(question, chunk_count=50)


def test_everything_is_relevant_with_an_unknown_model_in_a_small_instance() -> None:
    assert relevance("Congé ?", cosine=0.1, model="another/model", mean_cosine=None) == 1.0


def test_only_the_first_passages_are_judged() -> None:
    question = "Combien de livres un étudiant peut-il emprunter ?"
    query = WeightedQuery(np.ones(1, np.float32), {}, 20.0, 1.0, 0.025, 0.75)
    chunks = [passage(RULES, relevance=0.0) for _rank in range(JUDGED + 3)]
    found = list(with_relevance(read_question(question), query, chunks, E5))
    assert [chunk.relevance > 0 for chunk in found] == [True] * JUDGED + [False] * 3
