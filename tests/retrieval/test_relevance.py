"""When the best passages are not good enough."""

import numpy as np
import pytest

from instances.models import Instance
from retrieval.fusion import Question
from retrieval.relevance import THRESHOLDS, passage_relevance, unrelated_cosine

E5 = "intfloat/multilingual-e5-small"


def question(*, mean_cosine: float | None = 0.75, known_share: float = 1.0) -> Question:
    return Question(
        embedding=np.ones(1, np.float32),
        terms={},
        best_bm25=20.0,
        known_share=known_share,
        cosine_sigma=0.025,
        mean_cosine=mean_cosine,
    )


def relevance(asked: Question, cosine: float, bm25: float, model: str = E5) -> float:
    return passage_relevance(asked, cosine=cosine, bm25=bm25, embedding_model=model)


@pytest.mark.parametrize(
    ("cosine", "bm25", "known_share", "expected"),
    [
        pytest.param(0.87, 9.0, 1.0, True, id="close-and-same-words"),
        pytest.param(0.87, 0.0, 0.0, True, id="close-in-another-language"),
        pytest.param(0.77, 1.0, 1.0, False, id="far-with-a-chance-word"),
        pytest.param(0.77, 14.0, 1.0, True, id="far-but-all-the-words"),
        pytest.param(0.80, 0.0, 1.0, False, id="known-words-that-it-does-not-hold"),
    ],
)
def test_both_legs_speak(cosine: float, bm25: float, known_share: float, expected: bool) -> None:
    found = relevance(question(known_share=known_share), cosine, bm25)
    assert (found >= THRESHOLDS[Instance.Strictness.BALANCED]) is expected


def test_relevance_grows_with_each_leg() -> None:
    assert relevance(question(), 0.80, 2.0) < relevance(question(), 0.82, 2.0)
    assert relevance(question(), 0.80, 2.0) < relevance(question(), 0.80, 4.0)


def test_strictness_asks_for_more_and_covers_every_choice() -> None:
    thresholds = [THRESHOLDS[choice] for choice in Instance.Strictness.values]
    assert thresholds == sorted(thresholds)


def test_what_is_unrelated_is_judged_by_model_and_instance() -> None:
    assert unrelated_cosine(0.81, E5) == pytest.approx(0.78)
    assert unrelated_cosine(None, E5) == 0.75
    assert unrelated_cosine(0.3, "another/model") == 0.3


def test_an_unknown_model_in_a_small_instance_refuses_nothing() -> None:
    assert relevance(question(mean_cosine=None), 0.1, 0.0, "another/model") == 1.0
