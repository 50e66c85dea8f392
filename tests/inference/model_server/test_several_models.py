"""Several embedding models in one server: read when they are asked for, never mixed in a batch."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from inference.embedding.folder import DEFAULT_MODEL, prepared_folder
from inference.model_server.batching import Batcher, Entry, Priority
from tests.fixtures.models import ModelServer, serve_models

OTHERS = {"second": {}, "short": {"model": DEFAULT_MODEL}, "missing": {}, "tei": {"base_url": "-"}}


@pytest.fixture(scope="module")
def server(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """A server of the default model and of another, which is the same under another name."""
    folder = tmp_path_factory.mktemp("several")
    prepared_folder(folder).symlink_to(model_folder)
    prepared_folder(folder, "second").symlink_to(model_folder)
    with serve_models(folder, folder / "log", EMBEDDING_MODELS=json.dumps(OTHERS)) as server:
        yield server


def embed(server: ModelServer, **payload: Any) -> httpx.Response:
    body = {"input": "passage: bonjour"} | payload
    return httpx.post(f"{server.base_url}/embeddings", json=body, timeout=60)


def vector(server: ModelServer, **payload: Any) -> list[float]:
    return list(embed(server, **payload).json()["data"][0]["embedding"])


def test_model_is_loaded_when_it_is_asked_for(server: ModelServer) -> None:
    def loaded() -> dict[str, bool]:
        listed = httpx.get(f"{server.base_url}/models").json()["data"]
        return {each["id"]: "dimensions" in each for each in listed}

    assert loaded() == {DEFAULT_MODEL: True, "second": False, "missing": False}
    assert np.allclose(vector(server, model="second"), vector(server), atol=1e-5)
    assert loaded()["second"]


def test_vectors_are_shortened_on_demand(server: ModelServer) -> None:
    whole = np.array(vector(server))
    short = np.array(vector(server, dimensions=256))
    assert short.shape == (256,)
    assert np.linalg.norm(short) == pytest.approx(1, abs=1e-3)
    assert np.allclose(short, whole[:256] / np.linalg.norm(whole[:256]), atol=1e-4)


@pytest.mark.parametrize(
    ("model", "status", "code"),
    [("missing", 503, "model_not_prepared"), ("tei", 404, "model_not_found")],
)
def test_model_that_cannot_be_served_is_refused(
    server: ModelServer, model: str, status: int, code: str
) -> None:
    response = embed(server, model=model)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)


async def test_batches_have_one_model_and_batch_work_comes_last() -> None:
    batches: list[list[Any]] = []

    def compute(payloads: list[Any]) -> Sequence[Any]:
        batches.append(sorted(payloads))
        return payloads

    with ThreadPoolExecutor(1) as executor:
        batcher = Batcher(compute, executor, max_queued=100)
        submitted = [
            batcher.submit([Entry(name, 10, model)], priority, tenant)
            for name, model, priority, tenant in [
                ("again", "b", Priority.BATCH, "one"),
                ("a1", "a", Priority.PASSAGE, "one"),
                ("b1", "b", Priority.PASSAGE, "two"),
                ("a2", "a", Priority.PASSAGE, "three"),
            ]
        ]
        waiting = [asyncio.create_task(each) for each in submitted]
        await asyncio.sleep(0)
        running = asyncio.create_task(batcher.run())
        await asyncio.gather(*waiting)
        running.cancel()
    assert batches == [["a1", "a2"], ["b1"], ["again"]]
