"""The strictness that suits golden questions best."""

from typing import Any

import pytest
from django.utils import timezone

from evaluation.calibration import calibrate
from evaluation.models import EvaluationResult
from instances.models import Instance
from retrieval.relevance import THRESHOLDS, threshold_of
from retrieval.results import RetrievedChunk
from retrieval.search import is_relevant
from tests.chat.answers.quoting.test_extractive import passage


def results(*, wanted: list[float], unwanted: list[float]) -> list[EvaluationResult]:
    """Results of questions to be answered and to be refused, by their relevance."""
    return [
        EvaluationResult(relevance=relevance, must_be_refused=to_refuse, asked_at=timezone.now())
        for to_refuse, relevances in ((False, wanted), (True, unwanted))
        for relevance in relevances
    ]


def test_threshold_separates_both_kinds() -> None:
    found = calibrate(results(wanted=[0.7, 0.8, 0.9], unwanted=[0.1, 0.6, 0.65]))
    assert found is not None
    best = found.suggested
    assert 0.65 < best.relevance < 0.7
    assert (best.refused_rightly, best.refused_wrongly) == (3, 0)
    assert found.is_better
    balanced = next(level for level in found.levels if level.strictness == "balanced")
    assert (balanced.refused_rightly, balanced.refused_wrongly) == (1, 0)


def test_threshold_weighs_shares_of_both_kinds() -> None:
    # One of two to be refused counts more than one of ten to be answered.
    found = calibrate(results(wanted=[0.3, *[0.9] * 9], unwanted=[0.2, 0.4]))
    assert found is not None
    assert (found.suggested.refused_rightly, found.suggested.refused_wrongly) == (2, 1)


def test_of_equal_thresholds_the_balanced_one_is_suggested() -> None:
    found = calibrate(results(wanted=[0.9], unwanted=[0.1]))
    assert found is not None
    assert found.suggested.relevance == THRESHOLDS[Instance.Strictness.BALANCED]
    assert not found.is_better
    assert not found.has_enough


@pytest.mark.parametrize(("wanted", "unwanted"), [([], [0.1]), ([0.9], [])])
def test_both_kinds_are_needed(wanted: list[float], unwanted: list[float]) -> None:
    assert calibrate(results(wanted=wanted, unwanted=unwanted)) is None


def test_questions_that_could_not_be_asked_do_not_count() -> None:
    failed = EvaluationResult(relevance=0.0, asked_at=timezone.now(), error_code="timeout")
    found = calibrate([*results(wanted=[0.9], unwanted=[0.1]), failed, EvaluationResult()])
    assert found is not None
    assert (found.to_answer, found.to_refuse) == (1, 1)


@pytest.mark.parametrize(
    ("fields", "threshold"),
    [
        ({"strictness": "strict"}, 0.75),
        ({"strictness": "calibrated", "calibrated_threshold": 0.42}, 0.42),
        ({"strictness": "calibrated"}, 0.5),
        ({"strictness": "lenient", "calibrated_threshold": 0.42}, 0.25),
    ],
)
def test_instance_answers_from_its_threshold_on(fields: dict[str, Any], threshold: float) -> None:
    instance = Instance(**fields)
    assert threshold_of(instance) == threshold

    def chunk(relevance: float) -> RetrievedChunk:
        return passage("Text.", relevance=relevance)

    assert is_relevant([chunk(threshold)], instance)
    assert not is_relevant([chunk(threshold - 0.01)], instance)
