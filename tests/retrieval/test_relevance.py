"""When a passage is relevant."""

import numpy as np
import pytest

from instances.models import Instance
from retrieval.fusion import WeightedQuery
from retrieval.relevance import THRESHOLDS, passage_relevance, unrelated_cosine

E5 = "intfloat/multilingual-e5-small"


def weighted_query(*, mean_cosine: float | None = 0.75, known_share: float = 1.0) -> WeightedQuery:
    return WeightedQuery(
        embedding=np.ones(1, np.float32),
        terms={},
        best_bm25=20.0,
        known_share=known_share,
        cosine_sigma=0.025,
        mean_cosine=mean_cosine,
    )


def relevance(query: WeightedQuery, cosine: float, bm25: float, model: str = E5) -> float:
    return passage_relevance(query, cosine=cosine, bm25=bm25, embedding_model=model)


@pytest.mark.parametrize(
    ("cosine", "bm25", "known_share", "expected"),
    [
        pytest.param(0.87, 9.0, 1.0, True, id="similar-and-same-words"),
        pytest.param(0.87, 0.0, 0.0, True, id="similar-in-another-language"),
        pytest.param(0.77, 1.0, 1.0, False, id="dissimilar-with-one-common-word"),
        pytest.param(0.77, 14.0, 1.0, True, id="dissimilar-with-all-the-words"),
        pytest.param(0.80, 0.0, 1.0, False, id="known-words-missing"),
    ],
)
def test_both_scores_count(cosine: float, bm25: float, known_share: float, expected: bool) -> None:
    found = relevance(weighted_query(known_share=known_share), cosine, bm25)
    assert (found >= THRESHOLDS[Instance.Strictness.BALANCED]) is expected


def test_relevance_grows_with_each_score() -> None:
    assert relevance(weighted_query(), 0.80, 2.0) < relevance(weighted_query(), 0.82, 2.0)
    assert relevance(weighted_query(), 0.80, 2.0) < relevance(weighted_query(), 0.80, 4.0)


def test_each_strictness_has_a_higher_threshold() -> None:
    thresholds = [THRESHOLDS[choice] for choice in Instance.Strictness.values]
    assert thresholds == sorted(thresholds)


def test_unrelated_cosine_is_the_mean_of_model_and_instance() -> None:
    assert unrelated_cosine(0.81, E5) == pytest.approx(0.78)
    assert unrelated_cosine(None, E5) == 0.75
    assert unrelated_cosine(0.3, "another/model") == 0.3


def test_everything_is_relevant_with_an_unknown_model_in_a_small_instance() -> None:
    assert relevance(weighted_query(mean_cosine=None), 0.1, 0.0, "another/model") == 1.0
