"""Suggests the strictness at which golden questions are answered and refused best.

A run keeps the relevance of the most relevant passage of each question. A question is refused below
the threshold. The suggestion maximises the share of answerable questions that are answered, minus
that of unanswerable ones that are answered (Youden's J); of equal thresholds, it is the one nearest
to that of the balanced strictness.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from evaluation.models import EvaluationResult, EvaluationRun
from instances.models import Instance
from retrieval.relevance import THRESHOLDS

# Fewer of either kind say little about others.
MIN_QUESTIONS = 5
_BALANCED = THRESHOLDS[Instance.Strictness.BALANCED]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A relevance, and how many golden questions would be refused below it."""

    relevance: float
    refused_rightly: int
    refused_wrongly: int
    strictness: str = ""

    @property
    def label(self) -> str:
        """The name of its level."""
        return str(Instance.Strictness(self.strictness).label)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The best threshold beside those of the levels, for numbers of questions of both kinds."""

    to_answer: int
    to_refuse: int
    suggested: Threshold
    levels: list[Threshold]

    @property
    def min_questions(self) -> int:
        """The number of questions of each kind that are enough."""
        return MIN_QUESTIONS

    @property
    def has_enough(self) -> bool:
        """Whether there are enough questions of both kinds."""
        return min(self.to_answer, self.to_refuse) >= MIN_QUESTIONS

    @property
    def is_better(self) -> bool:
        """Whether no level does as well."""
        return all(
            _benefit(self, self.suggested) > _benefit(self, level) + 1e-9 for level in self.levels
        )


def calibrate(results: Sequence[EvaluationResult]) -> Calibration | None:
    """Return the calibration on the results of a run; None without questions of both kinds."""
    asked = [one for one in results if one.asked_at is not None and not one.error_code]
    wanted = sorted(one.relevance for one in asked if not one.must_be_refused)
    unwanted = sorted(one.relevance for one in asked if one.must_be_refused)
    if not wanted or not unwanted:
        return None
    levels = [
        _threshold(value, wanted, unwanted, strictness) for strictness, value in THRESHOLDS.items()
    ]
    known = sorted({0.0, *wanted, *unwanted, 1.0})
    between = [(low + high) / 2 for low, high in pairwise(known)]
    candidates = [_threshold(value, wanted, unwanted) for value in [*between, *THRESHOLDS.values()]]
    calibration = Calibration(len(wanted), len(unwanted), candidates[0], levels)
    best = max(
        candidates,
        key=lambda one: (
            round(_benefit(calibration, one), 9),
            -abs(one.relevance - _BALANCED),
        ),
    )
    return Calibration(len(wanted), len(unwanted), best, levels)


def latest_calibration(instance: Instance) -> Calibration | None:
    """Return the calibration on the latest run that is done; runs inside ``tenant(instance)``."""
    run = (
        EvaluationRun.objects.for_instance(instance)
        .filter(status=EvaluationRun.Status.DONE)
        .order_by("-finished_at")
        .first()
    )
    if run is None:
        return None
    return calibrate(list(EvaluationResult.objects.for_instance(instance).filter(run=run)))


def _threshold(
    value: float, wanted: Sequence[float], unwanted: Sequence[float], strictness: str = ""
) -> Threshold:
    return Threshold(
        relevance=round(value, 4),
        refused_rightly=sum(relevance < value for relevance in unwanted),
        refused_wrongly=sum(relevance < value for relevance in wanted),
        strictness=strictness,
    )


def _benefit(calibration: Calibration, threshold: Threshold) -> float:
    return (
        threshold.refused_rightly / calibration.to_refuse
        - threshold.refused_wrongly / calibration.to_answer
    )
