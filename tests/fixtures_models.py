"""The real embedding model, converted once into a cache, and the model server that serves it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from inference.embedding.client import EmbeddingEndpoint
from inference.embedding.folder import DEFAULT_MODEL, prepared_folder
from inference.embedding.prepare import prepare

PROJECT = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 180.0  # a bound for busy machines: two seconds on an idle one


@dataclass(frozen=True)
class ModelServer:
    """A running model server; `base_url` ends with /v1."""

    process: subprocess.Popen[bytes]
    base_url: str
    log: Path

    @property
    def endpoint(self) -> EmbeddingEndpoint:
        """Where and how the clients reach it, as `./run` sets it."""
        return EmbeddingEndpoint(
            base_url=self.base_url,
            api_key="",
            model=DEFAULT_MODEL,
            query_prefix="query: ",
            passage_prefix="passage: ",
        )

    @property
    def root_url(self) -> str:
        return self.base_url.removesuffix("/v1")

    def queued(self) -> dict[str, int]:
        """Number of texts that wait, by priority."""
        counts: dict[str, int] = httpx.get(f"{self.root_url}/healthz").json()["queued"]
        return counts


@contextmanager
def serve_models(models_dir: Path, log: Path, **environment: str) -> Iterator[ModelServer]:
    """Start `python -m inference.model_server`, wait until it answers, stop it in the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"MODELS_DIR": str(models_dir), "MODEL_SERVER_PORT": str(port)} | environment
    command = [sys.executable, "-m", "inference.model_server"]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, cwd=PROJECT, env=os.environ | settings, stdout=output, stderr=output
        ) as process,
    ):
        server = ModelServer(process, f"http://127.0.0.1:{port}/v1", log)
        try:
            _wait_until_ready(server)
            yield server
        finally:
            process.terminate()


def _wait_until_ready(server: ModelServer) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            httpx.get(f"{server.root_url}/healthz").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"the model server did not start:\n{server.log.read_text()}")


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The folder of prepared models, kept between runs (RAGAPP_TEST_CACHE, else var/test-cache)."""
    cache = Path(os.environ.get("RAGAPP_TEST_CACHE", PROJECT / "var" / "test-cache"))
    prepare(cache / "models")
    return cache / "models"


@pytest.fixture(scope="session")
def model_folder(models_dir: Path) -> Path:
    """The default embedding model, prepared."""
    return prepared_folder(models_dir)


@pytest.fixture(scope="session")
def model_server(
    models_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ModelServer]:
    """The model server, a process of its own on loopback, with the real model."""
    with serve_models(models_dir, tmp_path_factory.mktemp("models") / "log") as server:
        yield server
