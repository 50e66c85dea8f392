"""Fits the decision whether a passage answers (``python -m bench.trust --fit``).

A logistic function of ``retrieval.evidence.features.Features``, fitted on the tuning half of the
corpora and on questions of ``piaf_fr`` and ``xquad_en``: of the whole sets (with their passage, and
with it removed), and of half of the groups of 50 passages (with questions of other groups); only
passages in the language of the question. The kinds of question have the same weight each. As only
the best passage decides, each question counts with its best passage by the coefficients so far. The
intercept is then moved so that the balanced threshold refuses ``REFUSED`` of the answerable ones of
the set that is refused most. Writes ``retrieval/evidence/coefficients.py``.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import astuple, fields
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.trust.asking import Asked
from retrieval.evidence.features import Features

REFUSED = 0.045
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
    kinds = [(each.label, each.source) for each in asked]
    sizes = Counter(kinds)
    weights = np.array([1 / sizes[kind] for kind in kinds])
    # Answerable and unanswerable questions weigh the same.
    for answerable in (0.0, 1.0):
        of_kind = answers == answerable
        weights[of_kind] *= len(asked) / 2 / weights[of_kind].sum()
    # One intercept a source: the questions of some are easier than those of others.
    sources = list(dict.fromkeys(each.source for each in asked))[1:]
    of_source = np.array([[each.source == source for source in sources] for each in asked], float)
    coefficients = np.ones(len(_NAMES))
    for _round in range(_ROUNDS):
        best = np.array([max(_rows(each), key=lambda row: row @ coefficients) for each in asked])
        found, _intercept = _logistic(np.hstack([best, of_source]), answers, weights)
        coefficients = found[: len(_NAMES)]
    scores: defaultdict[str, list[float]] = defaultdict(list)
    for each in asked:
        if each.label == "answerable":
            scores[each.source].append(max(row @ coefficients for row in _rows(each)))
    return coefficients, -min(float(np.quantile(of_set, REFUSED)) for of_set in scores.values())


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
