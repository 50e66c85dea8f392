"""The light engine gives the vectors of sentence-transformers, whose place it takes."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from inference.embedding.prepare import prepare
from inference.model_server.encoders import (
    OpenVinoEncoder,
    SentenceTransformerEncoder,
    load_encoder,
)

TEXTS = [
    "query: Quel est le délai pour déposer une demande ?",
    "passage: La demande se dépose en ligne avant le 31 mars, sur le site de l'université.",
    "passage: " + "Le règlement des études précise les conditions. " * 30,
    "passage:",
]


@pytest.fixture(scope="module")
def light(model_folder: Path) -> OpenVinoEncoder:
    encoder = load_encoder(model_folder, threads=2)
    assert isinstance(encoder, OpenVinoEncoder)
    return encoder


def test_same_vectors_as_sentence_transformers_on_torch(
    light: OpenVinoEncoder, model_folder: Path
) -> None:
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(model_folder), device="cpu").encode(TEXTS)
    vectors = light.encode([entry.payload for entry in light.tokenize(TEXTS)])
    assert vectors.shape == (len(TEXTS), light.dimensions) == (4, 384)
    cosines = np.sum(reference * vectors, axis=1)
    assert np.all(cosines > 0.999), cosines  # bf16 against float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_padding_does_not_change_a_vector(light: OpenVinoEncoder) -> None:
    payloads = [entry.payload for entry in light.tokenize(TEXTS)]
    together = light.encode(payloads)
    alone = np.concatenate([light.encode([payload]) for payload in payloads])
    assert np.all(np.sum(together * alone, axis=1) > 0.999)


def test_model_of_another_shape_is_served_by_sentence_transformers(
    model_folder: Path, tmp_path: Path, light: OpenVinoEncoder
) -> None:
    folder = tmp_path / "max-pooled"
    shutil.copytree(model_folder, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    pooling = {"word_embedding_dimension": 384, "pooling_mode_max_tokens": True}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    encoder = load_encoder(folder, threads=2)
    assert isinstance(encoder, SentenceTransformerEncoder)
    assert (encoder.dimensions, encoder.max_tokens) == (light.dimensions, light.max_tokens)
    entries = encoder.tokenize(TEXTS)
    assert [entry.n_tokens for entry in entries] == [e.n_tokens for e in light.tokenize(TEXTS)]
    assert encoder.encode([entry.payload for entry in entries]).shape == (4, 384)


def test_error_for_a_folder_without_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"inference\.embedding\.prepare"):
        load_encoder(tmp_path, threads=1)


@pytest.fixture(scope="module")
def other_model(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny local model of another kind: random weights, first-token pooling, no normalisation."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import AutoTokenizer, BertConfig, BertModel, set_seed

    set_seed(1)
    encoder = tmp_path_factory.mktemp("encoder")
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    tokenizer.save_pretrained(encoder)
    configuration = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
        pad_token_id=1,
    )
    BertModel(configuration).save_pretrained(encoder)
    folder = tmp_path_factory.mktemp("other") / "model"
    modules = [Transformer(str(encoder), max_seq_length=100), Pooling(32, "cls")]
    SentenceTransformer(modules=modules, device="cpu").save_pretrained(str(folder))
    return folder


def test_any_local_model_may_be_prepared_and_served(other_model: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    encoder = load_encoder(prepare(tmp_path / "models", str(other_model)), threads=2)
    assert isinstance(encoder, OpenVinoEncoder)
    assert (encoder.dimensions, encoder.max_tokens) == (32, 100)
    texts = [TEXTS[0], TEXTS[1], TEXTS[3]]
    vectors = encoder.encode([entry.payload for entry in encoder.tokenize(texts)])
    reference = SentenceTransformer(str(other_model), device="cpu").encode(texts)
    assert np.allclose(vectors, reference, atol=0.1)
    norms = np.linalg.norm(vectors, axis=1) * np.linalg.norm(reference, axis=1)
    assert np.all(np.sum(vectors * reference, axis=1) / norms > 0.999)
