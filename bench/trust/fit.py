"""Fits the decision whether a passage answers (``python -m bench.trust --fit``).

A logistic function of ``retrieval.evidence.features.Features``, fitted on the tuning half of the
corpora and, so that it holds for large instances too, on questions of ``piaf_fr`` and ``xquad_en``
(with their passage, and with it removed); only passages in the language of the question. The kinds
of question have the same weight each. As only the best passage decides, each question counts with
its best passage by the coefficients so far. The intercept is then moved so that the balanced
threshold refuses ``REFUSED`` of all answerable ones. Writes ``retrieval/evidence/coefficients.py``.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, fields
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.trust.asking import Asked
from retrieval.evidence.features import Features

REFUSED = 0.035
_ROUNDS = 8
_NEWTON_STEPS = 12
# Of the penalty on large coefficients.
_RIDGE = 1.0
_NAMES = [field.name for field in fields(Features)]
_TARGET = Path(__file__).parents[2] / "retrieval" / "evidence" / "coefficients.py"

Vector = NDArray[np.float64]


def fit(asked: Sequence[Asked]) -> tuple[Vector, float]:
    """Return the coefficients, in the order of the features, and the intercept."""
    asked = [each for each in asked if _rows(each)]
    answers = np.array([each.label == "answerable" for each in asked], float)
    sizes = Counter((each.label, each.half) for each in asked)
    weights = np.array([1 / sizes[each.label, each.half] for each in asked])
    # Answerable and unanswerable questions weigh the same.
    for answerable in (0.0, 1.0):
        of_kind = answers == answerable
        weights[of_kind] *= len(asked) / 2 / weights[of_kind].sum()
    coefficients = np.ones(len(_NAMES))
    for _round in range(_ROUNDS):
        best = np.array([max(_rows(each), key=lambda row: row @ coefficients) for each in asked])
        coefficients, _intercept = _logistic(best, answers, weights)
    answerable = [each for each in asked if each.label == "answerable"]
    scores = sorted(max(row @ coefficients for row in _rows(each)) for each in answerable)
    return coefficients, -scores[int(REFUSED * len(scores))]


def write(coefficients: Vector, intercept: float, n_questions: int) -> None:
    """Write the module of the coefficients."""
    day = datetime.now(UTC).date().isoformat()
    rows = "".join(
        f'    "{name}": {value:.3f},\n' for name, value in zip(_NAMES, coefficients, strict=True)
    )
    _TARGET.write_text(
        '"""Coefficients of the decision whether a passage answers.\n\n'
        f"Written by ``python -m bench.trust --fit`` on {day}, from {n_questions} questions.\n"
        '"""\n\nfrom collections.abc import Mapping\n\n'
        f"INTERCEPT = {intercept:.3f}\nCOEFFICIENTS: Mapping[str, float] = {{\n{rows}}}\n"
    )


def _rows(asked: Asked) -> list[Vector]:
    found = [each for each in asked.features if isinstance(each, Features)]
    return [np.array(astuple(features)) for features in found]


def _logistic(rows: Vector, answers: Vector, weights: Vector) -> tuple[Vector, float]:
    """Return coefficients and intercept of the ridge logistic regression, by Newton's method."""
    design = np.column_stack([rows, np.ones(len(rows))])
    penalty = np.diag([_RIDGE] * rows.shape[1] + [0.0])
    found = np.zeros(design.shape[1])
    for _step in range(_NEWTON_STEPS):
        p = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        gradient = design.T @ (weights * (answers - p)) - penalty @ found
        curvature = (design.T * (weights * p * (1 - p))) @ design + penalty
        found = found + np.linalg.solve(curvature + 1e-9 * np.eye(len(found)), gradient)
    return found[:-1], float(found[-1])
