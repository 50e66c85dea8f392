"""Embedding models: texts to vectors.

Two engines for one prepared folder. `OpenVinoEncoder` runs the exported graph with OpenVINO alone:
it starts in a second, without PyTorch in memory. It knows the common shape of embedding models, an
encoder with mean or first-token pooling; `SentenceTransformerEncoder` takes every other model, and
machines without OpenVINO. Both give the same vectors
(tests/inference/model_server/test_encoders.py).
"""

import importlib.util
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from inference.embedding.folder import OPENVINO_FILE
from inference.embedding.tokenizer import load_tokenizer
from inference.model_server.batching import Entry, padded_length
from inference.model_server.processor import precision_hint

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

logger = logging.getLogger(__name__)

MEAN, FIRST = "mean", "cls"


class Encoder(Protocol):
    """An embedding model.

    `max_tokens` is the longest text it takes, special tokens included; `streams` is how many
    threads may call `encode` at once, to gain by it.
    """

    dimensions: int
    max_tokens: int
    streams: int

    def tokenize(self, texts: Sequence[str]) -> list[Entry]:
        """What `encode` needs of each text."""
        ...

    def encode(self, payloads: Sequence[Any]) -> NDArray[np.float32]:
        """Vectors (n_payloads, dimensions), as the model's modules make them."""
        ...


class OpenVinoEncoder:
    """The exported graph, its pooling and its normalisation.

    Each stream is one thread: two threads that share one text wait for each other, which costs
    twice the processor time.
    """

    def __init__(self, folder: Path, *, threads: int) -> None:
        import openvino

        self._pooling = _pooling_mode(folder)
        self._normalises = "Normalize" in _module_kinds(folder)
        self._tokenizer = load_tokenizer(folder)
        configuration = json.loads((folder / "config.json").read_text())
        self._pad_id = configuration.get("pad_token_id") or 0
        self.max_tokens = _max_tokens(folder, configuration)
        settings = {
            "NUM_STREAMS": threads,
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": precision_hint(),
        }
        compiled = openvino.Core().compile_model(folder / OPENVINO_FILE, "CPU", settings)
        self._inputs = [port.any_name for port in compiled.inputs]
        self.dimensions = int(compiled.outputs[0].get_partial_shape()[2].get_length())
        self.streams = threads
        self._requests: SimpleQueue[Any] = SimpleQueue()
        for _stream in range(threads):
            self._requests.put(compiled.create_infer_request())

    def tokenize(self, texts: Sequence[str]) -> list[Entry]:
        return [Entry(tokens, len(tokens)) for tokens in self._tokenizer.encode(texts)]

    def encode(self, payloads: Sequence[Any]) -> NDArray[np.float32]:
        given = self._padded(payloads)
        request = self._requests.get()
        try:
            request.infer({name: given[name] for name in self._inputs}, share_inputs=True)
            return self._pool(request.get_output_tensor(0).data, given["attention_mask"])
        finally:
            self._requests.put(request)

    def _padded(self, payloads: Sequence[Any]) -> dict[str, NDArray[np.int64]]:
        """Return the inputs, each of shape (n_texts, padded_length)."""
        width = min(padded_length(max(map(len, payloads))), self.max_tokens)
        tokens = np.full((len(payloads), width), self._pad_id, np.int64)
        mask = np.zeros_like(tokens)
        for row, ids in enumerate(payloads):
            tokens[row, : len(ids)] = ids
            mask[row, : len(ids)] = 1
        return {"input_ids": tokens, "attention_mask": mask, "token_type_ids": tokens * 0}

    def _pool(self, states: NDArray[np.float32], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        if self._pooling == FIRST:
            vectors = states[:, 0].copy()
        else:
            weights = mask.astype(np.float32)
            weights /= weights.sum(axis=1, keepdims=True)
            vectors = (weights[:, None, :] @ states)[:, 0]
        if self._normalises:
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


class SentenceTransformerEncoder:
    """Any sentence-transformers model, with OpenVINO when it is there, else with PyTorch.

    All threads share a batch.
    """

    streams = 1

    def __init__(self, folder: Path, *, threads: int) -> None:
        self._alone = Lock()
        self._model = _load_sentence_transformer(folder, threads)
        self.dimensions = self._model.get_embedding_dimension() or 0
        self.max_tokens = self._model.max_seq_length or 512

    def tokenize(self, texts: Sequence[str]) -> list[Entry]:
        encodings = self._model.tokenizer(list(texts))
        lengths = map(len, encodings["input_ids"])
        return [Entry(text, n_tokens) for text, n_tokens in zip(texts, lengths, strict=True)]

    def encode(self, payloads: Sequence[Any]) -> NDArray[np.float32]:
        with self._alone:
            vectors = self._model.encode(
                list(payloads), batch_size=len(payloads), prompt="", show_progress_bar=False
            )
        return np.asarray(vectors, np.float32)


def shortened(vector: NDArray[np.float32], dimensions: int | None) -> NDArray[np.float32]:
    """Return the first dimensions of a vector, of length 1 again (Matryoshka representations)."""
    if dimensions is None or dimensions == len(vector):
        return vector
    first = vector[:dimensions]
    result: NDArray[np.float32] = first / max(float(np.linalg.norm(first)), 1e-12)
    return result


def load_encoder(folder: Path, *, threads: int) -> Encoder:
    """Load the prepared model of `folder` with the lightest engine that can run it.

    Raises FileNotFoundError when the folder is not a prepared model.
    """
    if not (folder / "modules.json").is_file():
        raise FileNotFoundError(
            f"{folder} is no prepared model: run python -m inference.embedding.prepare first"
        )
    if has_openvino(folder) and _is_plain(folder):
        return OpenVinoEncoder(folder, threads=threads)
    logger.info("loading %s with sentence-transformers", folder.name)
    return SentenceTransformerEncoder(folder, threads=threads)


def has_openvino(folder: Path) -> bool:
    """Whether OpenVINO is installed and the folder holds an exported graph."""
    return (folder / OPENVINO_FILE).is_file() and importlib.util.find_spec("openvino") is not None


def _load_sentence_transformer(folder: Path, threads: int) -> "SentenceTransformer":
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(threads)
    options: dict[str, Any] = {}
    if has_openvino(folder):
        hints = {"INFERENCE_PRECISION_HINT": precision_hint(), "INFERENCE_NUM_THREADS": threads}
        options = {"backend": "openvino", "model_kwargs": {"ov_config": hints}}
    model: SentenceTransformer = SentenceTransformer(str(folder), device="cpu", **options)
    return model


def _is_plain(folder: Path) -> bool:
    """Whether the model is an encoder, a pooling that we know, and at most a normalisation."""
    kinds = _module_kinds(folder)
    return (
        kinds[:2] == ["Transformer", "Pooling"]
        and kinds[2:] in ([], ["Normalize"])
        and _pooling_mode(folder) in {MEAN, FIRST}
    )


def _module_kinds(folder: Path) -> list[str]:
    modules = json.loads((folder / "modules.json").read_text())
    return [module["type"].rpartition(".")[2] for module in modules]


def _pooling_mode(folder: Path) -> str | None:
    """The pooling's name in sentence-transformers; None for one that combines several."""
    module = json.loads((folder / "modules.json").read_text())[1]
    pooling = json.loads((folder / module["path"] / "config.json").read_text())
    if "pooling_mode" in pooling:
        return str(pooling["pooling_mode"])
    names = {"pooling_mode_mean_tokens": MEAN, "pooling_mode_cls_token": FIRST}
    chosen = [key for key, value in pooling.items() if key.startswith("pooling_mode_") and value]
    return names.get(chosen[0]) if len(chosen) == 1 else None


def _max_tokens(folder: Path, configuration: dict[str, Any]) -> int:
    file = folder / "sentence_bert_config.json"
    limit = json.loads(file.read_text()).get("max_seq_length") if file.is_file() else None
    if limit is None:
        tokenizer = json.loads((folder / "tokenizer_config.json").read_text())
        limit = tokenizer.get("model_max_length", 512)
    return min(int(limit), int(configuration.get("max_position_embeddings", limit)))
