"""Cross-encoders, which read two texts together: a reranker, and a model of entailment."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.model_server.batching import Entry

Pairs = Sequence[tuple[str, str]]


class _PairModel:
    """A sentence-transformers CrossEncoder."""

    def __init__(self, model: str, *, threads: int) -> None:
        import torch
        from sentence_transformers import CrossEncoder

        torch.set_num_threads(threads)
        self._model = CrossEncoder(model, device="cpu")
        self.max_tokens = self._model.max_length or 512

    def tokenize(self, pairs: Pairs) -> list[Entry]:
        """What `score` needs of each pair; its length counts both texts."""
        firsts, seconds = zip(*pairs, strict=True)
        encodings = self._model.tokenizer(list(firsts), list(seconds))
        lengths = map(len, encodings["input_ids"])
        return [Entry(pair, n) for pair, n in zip(pairs, lengths, strict=True)]

    def _predict(self, payloads: Sequence[Any], activation: Any) -> NDArray[np.float32]:
        scores = self._model.predict(
            list(payloads),
            batch_size=len(payloads),
            activation_fn=activation,
            show_progress_bar=False,
        )
        return np.asarray(scores, np.float32)


class Reranker(_PairModel):
    """How well a passage answers a question; scores are between 0 and 1, higher is better."""

    def score(self, payloads: Sequence[Any]) -> NDArray[np.float32]:
        """Relevance of each pair, (n_payloads,)."""
        from torch.nn import Sigmoid

        return self._predict(payloads, Sigmoid())


class EntailmentModel(_PairModel):
    """Whether a text follows from another one; ``labels`` are those of the model's configuration.

    Raises ValueError for a model that has no label of entailment.
    """

    def __init__(self, model: str, *, threads: int) -> None:
        super().__init__(model, threads=threads)
        names = self._model.config.id2label
        self.labels = [str(names[index]) for index in range(len(names))]
        if not any(label.lower().startswith("entail") for label in self.labels):
            raise ValueError(
                f"{model} is no model of entailment: its labels are {', '.join(self.labels)}"
            )

    def score(self, payloads: Sequence[Any]) -> NDArray[np.float32]:
        """Probabilities of the labels of each pair, (n_payloads, n_labels)."""
        from torch.nn import Softmax

        return self._predict(payloads, Softmax(dim=1))
