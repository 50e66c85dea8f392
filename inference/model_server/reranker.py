"""The reranking model: how well a passage answers a question, read together."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.model_server.batching import Entry


class Reranker:
    """A sentence-transformers CrossEncoder; its scores are between 0 and 1, higher is better."""

    def __init__(self, model: str, *, threads: int) -> None:
        import torch
        from sentence_transformers import CrossEncoder

        torch.set_num_threads(threads)
        self._model = CrossEncoder(model, device="cpu")
        self.max_tokens = self._model.max_length or 512

    def tokenize(self, query: str, documents: Sequence[str]) -> list[Entry]:
        """What `score` needs of each pair; its length counts question and passage."""
        encodings = self._model.tokenizer([query] * len(documents), list(documents))
        lengths = map(len, encodings["input_ids"])
        return [Entry((query, doc), n) for doc, n in zip(documents, lengths, strict=True)]

    def score(self, payloads: Sequence[Any]) -> NDArray[np.float32]:
        """Relevance of each pair, (n_payloads,)."""
        from torch.nn import Sigmoid

        return np.asarray(
            self._model.predict(
                list(payloads),
                batch_size=len(payloads),
                activation_fn=Sigmoid(),
                show_progress_bar=False,
            ),
            np.float32,
        )
