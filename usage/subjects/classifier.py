"""A linear classifier of embeddings."""

from dataclasses import dataclass
from io import BytesIO
from typing import Self

import numpy as np
from numpy.typing import NDArray

# The minimum margin of a classified question: measured by bench.subjects on its development half.
MIN_MARGIN = 0.1


@dataclass(frozen=True, slots=True)
class Subject:
    """The Dewey division of a question: three digits, or "" when it is not classified.

    ``margin`` is the probability of the best label minus that of the second; None when there was no
    classifier for the embedding model.
    """

    division: str
    margin: float | None


UNCLASSIFIED = Subject("", None)


@dataclass(frozen=True, slots=True, eq=False)
class Classifier:
    """The softmax of ``weights @ embedding + biases`` is the probability of each label.

    ``labels`` are numbers of divisions, and "" for messages without a subject. ``weights`` is of
    shape ``(n_labels, dim)``, ``biases`` of shape ``(n_labels,)``.
    """

    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    biases: NDArray[np.float32]

    def probabilities(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probabilities of the labels, ``(…, n_labels)``, for ``(…, dim)``."""
        return softmax(embeddings @ self.weights.T + self.biases)

    def classify(self, embedding: NDArray[np.float32]) -> Subject:
        """Return the subject of a question by its embedding, ``(dim,)``, L2-normalised."""
        probabilities = self.probabilities(embedding)
        second, best = np.argsort(probabilities)[-2:]
        margin = float(probabilities[best] - probabilities[second])
        return Subject(self.labels[best] if margin >= MIN_MARGIN else "", margin)

    def to_bytes(self) -> bytes:
        """Return the classifier as an ``.npz`` file."""
        file = BytesIO()
        np.savez(file, labels=np.array(self.labels), weights=self.weights, biases=self.biases)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Return the classifier that ``to_bytes`` wrote."""
        with np.load(BytesIO(content), allow_pickle=False) as arrays:
            return cls(tuple(map(str, arrays["labels"])), arrays["weights"], arrays["biases"])


def softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the softmax over the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: NDArray[np.float32] = powers / powers.sum(axis=-1, keepdims=True)
    return shares
