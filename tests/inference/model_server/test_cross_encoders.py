"""The reranker and the model of entailment of the model server, over HTTP, with tiny models."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from inference.embedding.entailment import EntailmentEndpoint, Pair, entail
from inference.embedding.folder import DEFAULT_MODEL
from instances.models import Sensitivity
from tests.fixtures.models import serve_models
from tests.inference.model_server.test_service import PASSAGES, QUESTIONS, error_of

LABELS = ["contradiction", "entailment", "neutral"]


def cross_encoder(folder: Path, model_folder: Path, **configured: Any) -> Path:
    """Save a tiny model with random weights: what it says is arbitrary, but always the same."""
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification, set_seed

    set_seed(1)
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    tokenizer.save_pretrained(folder)
    configuration = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
        pad_token_id=1,
        **configured,
    )
    BertForSequenceClassification(configuration).save_pretrained(folder)
    saved = folder / "tokenizer_config.json"
    saved.write_text(json.dumps(json.loads(saved.read_text()) | {"model_max_length": 128}))
    return folder


def test_rerank(models_dir: Path, model_folder: Path, tmp_path: Path) -> None:
    from sentence_transformers import CrossEncoder
    from torch.nn import Sigmoid

    folder = cross_encoder(tmp_path / "reranker", model_folder, num_labels=1)
    pairs = [(QUESTIONS[0], passage) for passage in PASSAGES]
    expected = CrossEncoder(str(folder), device="cpu").predict(pairs, activation_fn=Sigmoid())
    with serve_models(models_dir, tmp_path / "log", RERANK_MODEL=str(folder)) as server:
        url = f"{server.base_url}/rerank"
        request = {"query": QUESTIONS[0], "documents": PASSAGES}
        results = httpx.post(url, json=request | {"top_n": 3}, timeout=60).json()["results"]
        scores = [result["relevance_score"] for result in results]
        assert scores == pytest.approx(sorted(expected, reverse=True)[:3], abs=1e-5)
        too_long = httpx.post(url, json={"query": "q", "documents": ["mot " * 200]}, timeout=60)
        assert error_of(too_long)["code"] == "context_length_exceeded"
        unset = httpx.post(f"{server.base_url}/predict", json={"inputs": [["a", "b"]]}, timeout=60)
        assert "ENTAILMENT_MODEL" in error_of(unset)["message"]
        models = httpx.get(f"{server.base_url}/models").json()["data"]
        assert [model["id"] for model in models] == [DEFAULT_MODEL, str(folder)]


def test_entailment(models_dir: Path, model_folder: Path, tmp_path: Path) -> None:
    from sentence_transformers import CrossEncoder
    from torch.nn import Softmax

    folder = cross_encoder(tmp_path / "nli", model_folder, id2label=dict(enumerate(LABELS)))
    pairs = [(PASSAGES[0], "La BU ouvre à 8 h."), (PASSAGES[1], "Elle est gratuite.")]
    model = CrossEncoder(str(folder), device="cpu")
    expected = model.predict(pairs, activation_fn=Softmax(dim=1))
    with serve_models(models_dir, tmp_path / "log", ENTAILMENT_MODEL=str(folder)) as server:
        endpoint = EntailmentEndpoint(
            base_url=server.base_url,
            api_key=server.endpoint.api_key,
            model=str(folder),
            clearance=Sensitivity.RESTRICTED,
            timeout_s=60,
        )
        asked = [Pair(*pair) for pair in (*pairs, ("mot " * 200, "Trop long."))]
        found = entail(endpoint, asked, sensitivity=Sensitivity.RESTRICTED)
        for one, scores in zip(found.pairs[:2], expected, strict=True):
            assert [one.contradicts, one.entails] == pytest.approx(list(scores[:2]), abs=1e-4)
        assert found.processor_seconds > 0
        assert found.server is None
        url = f"{server.base_url}/predict"
        too_long = httpx.post(url, json={"inputs": [["mot " * 200, "b"]]}, timeout=60)
        assert error_of(too_long)["code"] == "context_length_exceeded"
        wrong = httpx.post(url, json={"inputs": ["a"]}, timeout=60)
        assert error_of(wrong)["param"] == "inputs"


def test_model_without_labels_of_entailment_does_not_start(
    models_dir: Path, model_folder: Path, tmp_path: Path
) -> None:
    folder = cross_encoder(tmp_path / "other", model_folder, num_labels=2)
    with (
        pytest.raises(RuntimeError, match="is no model of entailment: its labels are LABEL_0"),
        serve_models(models_dir, tmp_path / "log", ENTAILMENT_MODEL=str(folder)),
    ):
        pass
