"""Fits the decision whether a passage supports a sentence (``python -m bench.verification --fit``).

A logistic function of ``retrieval.verification.features.Features``, fitted on the tuning half; true
and false sentences weigh the same, and each kind of error as the root of its number. As only the
best reading of a sentence decides, each counts with its best one by the coefficients so far. A
false sentence in which nothing differs (a swap that no feature shows) is left out, as it would only
lower the other coefficients; each coefficient is at most 0, since each feature speaks against. The
intercept is then moved so that ``MARKED`` of the true sentences are below 0.5. Writes
``retrieval/verification/coefficients.py``.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.verification.sets import Said
from retrieval.verification.coefficients import COEFFICIENTS
from retrieval.verification.decision import NAMES, readings
from retrieval.verification.texts import ReadText

MARKED = 0.09
_ROUNDS = 10
_NEWTON_STEPS = 30
# Of the penalty on large coefficients.
_RIDGE = 0.3
# The sum of the features below which nothing differs.
_NOTHING = 0.05
_TARGET = Path(__file__).parents[2] / "retrieval" / "verification" / "coefficients.py"

Vector = NDArray[np.float64]
# Of each reading of a sentence: of each fact in it, the features of its windows.
Readings = list[list[Vector]]


def fit(sentences: Sequence[Said]) -> tuple[Vector, float]:
    """Return the coefficients, in the order of the features, and the intercept."""
    read = [_readings(said) for said in sentences]
    truths = np.array([said.is_true for said in sentences], float)
    weights = _weights(sentences, truths)
    coefficients = np.array([COEFFICIENTS.get(name, -1.0) for name in NAMES])
    for _round in range(_ROUNDS):
        rows = np.array([_best(each, coefficients) for each in read])
        used = (truths == 1) | (rows.sum(axis=1) >= _NOTHING)
        found = _negative(rows[used], truths[used], weights[used])
        coefficients = (coefficients + found) / 2
    scores = sorted(
        float(_best(each, coefficients) @ coefficients)
        for each, is_true in zip(read, truths, strict=True)
        if is_true
    )
    return coefficients, -scores[int(MARKED * len(scores))]


def _weights(sentences: Sequence[Said], truths: Vector) -> Vector:
    """Return how much each sentence counts: true and false ones the same, rare errors more."""
    kinds = Counter(said.kind for said in sentences)
    rarity = np.array([1 if said.is_true else kinds[said.kind] ** -0.5 for said in sentences])
    totals = np.where(truths == 1, truths.sum(), rarity[truths == 0].sum())
    return np.asarray(rarity / totals * len(truths) / 2)


def write(coefficients: Vector, intercept: float, n_sentences: int) -> None:
    """Write the module of the coefficients."""
    day = datetime.now(UTC).date().isoformat()
    rows = "".join(
        f'    "{name}": {value:.3f},\n' for name, value in zip(NAMES, coefficients, strict=True)
    )
    _TARGET.write_text(
        '"""Coefficients of the decision whether a passage supports a sentence.\n\n'
        f"Written by ``python -m bench.verification --fit`` on {day}, from {n_sentences} "
        "sentences.\n"
        '"""\n\nfrom collections.abc import Mapping\n\n'
        f"INTERCEPT = {intercept:.3f}\nCOEFFICIENTS: Mapping[str, float] = {{\n{rows}}}\n"
    )


def _readings(said: Said) -> Readings:
    passages = [said.passages[position] for position in said.cited]
    return [
        [
            np.array([[getattr(one.comparison.features, name) for name in NAMES] for one in fact])
            for fact in facts
        ]
        for facts in readings(ReadText(said.text), passages)
    ]


def _best(read: Readings, coefficients: Vector) -> Vector:
    """Return the features that decide: of the weakest fact of the best reading."""
    weakest = [
        min(
            (fact[np.argmax(fact @ coefficients)] for fact in facts), key=lambda f: f @ coefficients
        )
        for facts in read
    ]
    return np.asarray(max(weakest, key=lambda features: float(features @ coefficients)))


def _negative(rows: Vector, truths: Vector, weights: Vector) -> Vector:
    """Return the coefficients, those that would be positive left out."""
    kept = np.ones(rows.shape[1], bool)
    while True:
        coefficients = np.zeros(rows.shape[1])
        coefficients[kept] = _logistic(rows[:, kept], truths, weights)
        if not (coefficients > 0).any():
            return coefficients
        kept &= coefficients <= 0


def _logistic(rows: Vector, truths: Vector, weights: Vector) -> Vector:
    """Return the coefficients of the ridge logistic regression, by Newton's method."""
    design = np.column_stack([rows, np.ones(len(rows))])
    penalty = np.diag([_RIDGE] * rows.shape[1] + [1e-9])
    found = np.zeros(design.shape[1])
    for _step in range(_NEWTON_STEPS):
        expected = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        gradient = design.T @ (weights * (expected - truths)) + penalty @ found
        curvature = (design * (weights * expected * (1 - expected))[:, None]).T @ design + penalty
        found -= np.linalg.solve(curvature, gradient)
    return np.asarray(found[:-1])
