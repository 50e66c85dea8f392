"""Training and classification, with vectors around random directions."""

import numpy as np
import pytest

from usage.subjects.classifier import MIN_MARGIN, Classifier
from usage.subjects.training import train

LABELS = ("", "100", "200", "310", "320")
PER_LABEL = 12


def vectors_around(directions: np.ndarray, n: int, seed: int) -> np.ndarray:
    """``n`` unit vectors near each direction, label by label."""
    noise = np.random.default_rng(seed).normal(scale=0.4, size=(len(directions) * n, 1))
    spread = np.random.default_rng(seed + 1).normal(size=(len(noise), directions.shape[1]))
    vectors = np.repeat(directions, n, axis=0) + noise * spread / np.sqrt(directions.shape[1])
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("dim", [16, 96], ids=lambda dim: f"{dim} dimensions")
def test_trained_classifier_recognises_new_vectors_and_survives_storage(dim):
    directions = np.random.default_rng(0).normal(size=(len(LABELS), dim))
    directions = directions / np.linalg.norm(directions, axis=1, keepdims=True) + 1.0
    labels = [label for label in LABELS for _ in range(PER_LABEL)]
    trained = train(vectors_around(directions, PER_LABEL, 1), labels)
    stored = Classifier.from_bytes(trained.to_bytes())
    found = [stored.classify(vector) for vector in vectors_around(directions, PER_LABEL, 2)]
    assert np.mean([each.division for each in found] == np.array(labels)) > 0.9
    assert all(0 <= each.margin <= 1 for each in found)


def test_question_between_two_divisions_is_not_classified():
    classifier = Classifier(
        ("100", "200"), np.eye(2, dtype=np.float32), np.zeros(2, dtype=np.float32)
    )
    between = classifier.classify(np.array([0.5, 0.5 + MIN_MARGIN], np.float32))
    clear = classifier.classify(np.array([0.0, 1.0], np.float32))
    assert (between.division, clear.division) == ("", "200")
    assert 0 < between.margin < MIN_MARGIN < clear.margin
