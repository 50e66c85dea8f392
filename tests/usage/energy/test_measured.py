"""Energy measured at the servers of a backend, whose counters an operator has named."""

from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from inference.catalogue import choose_model
from inference.offered_models import ModelFigures
from inference.token_usage import TokenUsage
from tests.cast import Cast
from tests.inference.factories import LanguageModelFactory
from usage.energy import measured
from usage.impact import llm_impact
from usage.tasks import poll_counters

ANSWER = TokenUsage(1000, 100)


class Exporters(ThreadingHTTPServer):
    """vLLM and the DCGM exporter of a machine with two GPUs, of which the first serves the model.

    A token read takes 0.1 J, one written 1 J, and the machine 100 W without work.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.at_s, self.read, self.written, self.joules = 0.0, 0, 0, 0.0

    def step(self, number: int) -> None:
        read, written = 300 * (number % 7), 40 * (number % 5)
        self.at_s += measured.POLL_S
        self.read += read
        self.written += written
        self.joules += 0.1 * read + written

    def text(self, path: str) -> str:
        if path == "/vllm":
            return (
                f'vllm:prompt_tokens_total{{model_name="lab/m"}} {self.read}\n'
                f'vllm:generation_tokens_total{{model_name="lab/m"}} {self.written}\n'
            )
        name = "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"
        # The other GPU is busy with something else.
        return (
            f'{name}{{gpu="0",UUID="GPU-a"}} {1000 * self.joules}\n'
            f'{name}{{gpu="1",UUID="GPU-b"}} {9e9 + 1000 * self.at_s * self.read}\n'
        )


class _Handler(BaseHTTPRequestHandler):
    server: Exporters

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.text(self.path).encode())

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture
def exporters(monkeypatch: pytest.MonkeyPatch) -> Iterator[Exporters]:
    server = Exporters()
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setattr(measured.time, "time", lambda: server.at_s)
    yield server
    server.shutdown()
    server.server_close()


def figures(cast: Cast, alias: str) -> ModelFigures:
    return choose_model(cast.instance, alias).figures


@pytest.mark.parametrize("gpus", ["GPU-a", "0, 7"], ids=["identifier", "numbers"])
def test_energy_of_a_backend_is_that_of_its_own_graphics_cards(
    cast: Cast, exporters: Exporters, gpus: str
) -> None:
    address = f"http://127.0.0.1:{exporters.server_port}"
    LanguageModelFactory(
        alias="m",
        backend__metrics_urls=f"{address}/vllm",
        backend__energy_urls=f"{address}/dcgm",
        backend__energy_gpus=gpus,
        backend__host_watts=100.0,
        backend__pue=1.5,
    )
    # Nobody answers there: the others are read all the same.
    LanguageModelFactory(
        backend__metrics_urls="http://127.0.0.1:9/", backend__energy_urls="http://127.0.0.1:9/"
    )
    model = figures(cast, "m")
    assert llm_impact(model, ANSWER).method == "modelled"
    for number in range(32):
        exporters.step(number)
        poll_counters()
    impact = llm_impact(model, ANSWER)
    assert (impact.method, impact.method_version.endswith("hosts 100 W")) == ("measured", True)
    assert impact.prefill_wh == pytest.approx(1.5 * 100 / 3600, rel=0.01)
    assert impact.decode_wh == pytest.approx(1.5 * 100 / 3600, rel=0.01)
    # Of another backend, which has no counters, or others.
    other = figures(cast, "m")
    for elsewhere in (replace(other, has_own_meter=False), replace(other, backend_id=0)):
        assert llm_impact(elsewhere, ANSWER).method == "modelled"


def test_backends_of_organisations_are_not_polled(cast: Cast, exporters: Exporters) -> None:
    """Their addresses are not those of an operator."""
    address = f"http://127.0.0.1:{exporters.server_port}"
    LanguageModelFactory(
        backend__owner=cast.instance.organisation,
        backend__metrics_urls=f"{address}/vllm",
        backend__energy_urls=f"{address}/dcgm",
    )
    assert list(measured.meters()) == []
