"""The model server over HTTP, with the real model, in a process of its own."""

import asyncio
import base64
import signal
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest

from inference.embedding.client import EmbeddingClient
from inference.embedding.folder import DEFAULT_MODEL
from instances.models import Sensitivity
from tests.fixtures.models import ModelServer, serve_models

PASSAGES = [
    "La bibliothèque universitaire est ouverte de 8 h à 20 h du lundi au vendredi.",
    "Les frais d'inscription en licence s'élèvent à 175 euros pour l'année.",
    "Le restaurant universitaire propose un repas végétarien chaque jour.",
    "Les doctorants disposent de trois ans pour soutenir leur thèse.",
    "Le parking du campus est réservé au personnel muni d'un badge.",
]
QUESTIONS = [
    "À quelle heure ferme la BU ?",
    "Combien coûte une année d'études ?",
    "Peut-on manger sans viande sur le campus ?",
    "Quelle est la durée d'un doctorat ?",
    "Où puis-je garer ma voiture ?",
]
LONG_TEXT = "passage: " + "Le règlement précise les conditions. " * 60


def post(server: ModelServer, payload: Any, **headers: str) -> httpx.Response:
    return httpx.post(f"{server.base_url}/embeddings", json=payload, headers=headers, timeout=60)


def error_of(response: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return error


def test_a_question_finds_its_passage(model_server: ModelServer) -> None:
    client = EmbeddingClient(model_server.endpoint)
    passages = client.embed_passages(PASSAGES, sensitivity=Sensitivity.INTERNAL).vectors
    questions = np.stack(
        [
            client.embed_query(question, sensitivity=Sensitivity.INTERNAL).vector
            for question in QUESTIONS
        ]
    )
    assert (questions @ passages.T).argmax(axis=1).tolist() == [0, 1, 2, 3, 4]


def test_response_has_the_shape_of_openai(model_server: ModelServer) -> None:
    answer = post(model_server, {"model": DEFAULT_MODEL, "input": ["un", "deux mots"]}).json()
    assert [item["index"] for item in answer["data"]] == [0, 1]
    assert all(len(item["embedding"]) == 384 for item in answer["data"])
    assert (answer["object"], answer["model"]) == ("list", DEFAULT_MODEL)
    assert answer["usage"]["prompt_tokens"] == answer["usage"]["total_tokens"] == 7
    assert answer["usage"]["processor_seconds"] > 0


def test_base64_holds_the_same_numbers(model_server: ModelServer) -> None:
    payload = {"input": "query: bonjour"}
    floats = post(model_server, payload).json()["data"][0]["embedding"]
    coded = post(model_server, payload | {"encoding_format": "base64"}).json()
    decoded = np.frombuffer(base64.b64decode(coded["data"][0]["embedding"]), "<f4")
    assert np.allclose(decoded, floats, atol=1e-6)


def test_the_openai_client_works(model_server: ModelServer) -> None:
    import openai

    client = openai.OpenAI(base_url=model_server.base_url, api_key="none")
    vectors = client.embeddings.create(model=DEFAULT_MODEL, input=["query: bonjour"])
    assert len(vectors.data[0].embedding) == 384
    assert [model.id for model in client.models.list()] == [DEFAULT_MODEL]


@pytest.mark.parametrize(
    ("payload", "status", "code", "words"),
    [
        ({"input": ["bonjour", LONG_TEXT * 2]}, 400, "context_length_exceeded", "text 1 has"),
        ({"input": [[1, 2, 3]]}, 400, "invalid_request", "token ids"),
        ({"input": []}, 400, "invalid_request", "one or more"),
        ({"model": DEFAULT_MODEL}, 400, "invalid_request", "input"),
        ({"input": ["mot"] * 1025}, 400, "too_many_inputs", "at most 1024"),
        ({"input": "mot", "dimensions": 512}, 400, "invalid_request", "384"),
        ({"input": "mot", "encoding_format": "hex"}, 400, "invalid_request", "base64"),
        ({"input": "mot", "model": "gpt-4"}, 404, "model_not_found", "gpt-4"),
        ({"input": "mot" * 3_000_000}, 413, "body_too_large", "bytes"),
        (["mot"], 400, "invalid_request", "JSON object"),
    ],
    ids=[
        "too long",
        "token ids",
        "nothing",
        "no input",
        "too many",
        "dimensions",
        "format",
        "other model",
        "body",
        "not an object",
    ],
)
def test_invalid_request_is_refused_with_its_reason(
    model_server: ModelServer, payload: Any, status: int, code: str, words: str
) -> None:
    response = post(model_server, payload)
    assert response.status_code == status
    error = error_of(response)
    assert error["code"] == code
    assert words in error["message"]


def test_body_that_is_not_json_is_refused(model_server: ModelServer) -> None:
    response = httpx.post(f"{model_server.base_url}/embeddings", content=b"{")
    assert (response.status_code, error_of(response)["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/embeddings", 405), ("POST", "/v1/nothing", 404), ("POST", "/v1/rerank", 404)],
)
def test_unknown_route_or_method_is_refused(
    model_server: ModelServer, method: str, path: str, status: int
) -> None:
    body = {"query": "q", "documents": ["d"]}
    response = httpx.request(method, model_server.root_url + path, json=body)
    assert response.status_code == status
    error_of(response)


async def test_a_question_overtakes_queued_passages(model_server: ModelServer) -> None:
    url = f"{model_server.base_url}/embeddings"
    async with httpx.AsyncClient(timeout=120) as client:
        upload = asyncio.create_task(client.post(url, json={"input": [LONG_TEXT] * 24}))
        while not (await asyncio.to_thread(model_server.queued))["passage"]:
            assert not upload.done()
        question = await client.post(
            url, json={"input": "query: bonjour"}, headers={"x-priority": "query"}
        )
        assert question.status_code == 200
        assert not upload.done()
        assert len((await upload).json()["data"]) == 24


async def test_passages_of_a_disconnected_caller_are_removed(model_server: ModelServer) -> None:
    url = f"{model_server.base_url}/embeddings"
    async with httpx.AsyncClient(timeout=120) as client:
        upload = asyncio.create_task(client.post(url, json={"input": [LONG_TEXT] * 200}))
        while not (await asyncio.to_thread(model_server.queued))["passage"]:
            assert not upload.done()
        upload.cancel()
    after = await asyncio.to_thread(post, model_server, {"input": "passage: bonjour"})
    assert after.status_code == 200
    assert model_server.queued() == {"query": 0, "passage": 0, "batch": 0}


@pytest.fixture(scope="module")
def small_server(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server with room for four texts, that asks for a key."""
    log = tmp_path_factory.mktemp("small") / "log"
    settings = {"MODEL_SERVER_MAX_QUEUED_TEXTS": "4", "MODEL_SERVER_API_KEY": "secret"}
    with serve_models(models_dir, log, **settings) as server:
        yield server


def test_api_key_is_required(small_server: ModelServer) -> None:
    assert post(small_server, {"input": "mot"}).status_code == 401
    assert post(small_server, {"input": "mot"}, authorization="Bearer wrong").status_code == 401
    assert post(small_server, {"input": "mot"}, authorization="Bearer secret").status_code == 200
    assert httpx.get(f"{small_server.root_url}/healthz").status_code == 200


async def test_full_queue_answers_429_with_retry_after(small_server: ModelServer) -> None:
    async with httpx.AsyncClient(timeout=120) as client:
        responses = await asyncio.gather(
            *(
                client.post(
                    f"{small_server.base_url}/embeddings",
                    json={"input": [LONG_TEXT] * 4},
                    headers={"authorization": "Bearer secret"},
                )
                for _ in range(12)
            )
        )
    assert {response.status_code for response in responses} == {200, 429}
    refused = next(response for response in responses if response.status_code == 429)
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert error_of(refused)["code"] == "queue_full"


@pytest.mark.crash
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_stopped_server_leaves_no_process(
    models_dir: Path, tmp_path: Path, how: signal.Signals
) -> None:
    with serve_models(models_dir, tmp_path / "log") as server:
        assert post(server, {"input": "mot"}).status_code == 200
        children = psutil.Process(server.process.pid).children(recursive=True)
        server.process.send_signal(how)
        server.process.wait(timeout=30)
        assert not any(child.is_running() for child in children)
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.root_url}/healthz")
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_missing_model_is_reported_in_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match=r"did not start:\nmodels: .*prepare first\n$"),
        serve_models(tmp_path, tmp_path / "log"),
    ):
        pass
