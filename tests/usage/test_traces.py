"""The exporter of traces in processes of its own."""

import os
import subprocess
import sys
from uuid import UUID, uuid4

import pytest

from launcher.project import ROOT
from tests.fixtures.traces import Collector

# The child is forked, as the processes of the web server are, from one that has loaded everything.
SCRIPT = """
import os, sys
from uuid import UUID
import ragapp.asgi, ragapp.celery
from usage.traces import exporter
from usage.traces.spans import Span

span = Span(name="step", started_ns=1, ended_ns=2, attributes={})
before, after = map(UUID, sys.argv[1:3])
if sys.argv[3] == "used":
    exporter.export(before, span)
print("opentelemetry.sdk.trace" in sys.modules)
if os.fork() == 0:
    exporter.export(after, span)
    exporter.shut_down()
    os._exit(0)
os.wait()
exporter.shut_down()
"""


def run(before: UUID, after: UUID, state: str, endpoint: str) -> str:
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(before), str(after), state],
        env=os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return process.stdout.strip()


@pytest.mark.parametrize("state", ["used", "unused"])
def test_forked_process_sends_its_own_spans(collector: Collector, state: str) -> None:
    before, after = uuid4(), uuid4()
    assert run(before, after, state, collector.url) == str(state == "used")
    collector.trace(after, "step")
    if state == "used":
        collector.trace(before, "step")
    # None is sent twice.
    assert len(collector.spans) == (2 if state == "used" else 1)


def test_nothing_is_imported_or_sent_without_a_collector(collector: Collector) -> None:
    assert run(uuid4(), uuid4(), "used", "") == "False"
    assert collector.spans == []
