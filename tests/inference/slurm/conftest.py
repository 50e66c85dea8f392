"""A site at which jobs of a real Slurm register, and a template of such jobs."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from inference.models import JobTemplate, ServerJob
from inference.queueing import job_servers
from inference.queueing.fair_queue import BackendQueue, QueuedRequest, enter, leave
from inference.slurm.reconciliation import reconcile_all
from ragapp.asgi import application
from tests.fixtures.slurm import Slurm
from tests.fixtures.waiting import wait_until
from tests.inference.factories import JobTemplateFactory
from tests.web_server import Site, serve

SERVER = Path(__file__).parent / "job_server.py"
SCRIPT = f"""#!/bin/bash
#SBATCH --output=/dev/null
exec {sys.executable} {SERVER} 0 {{{{api_key}}}} {{{{register_url}}}} {{{{token}}}}
"""


@pytest.fixture
def configured(slurm: Slurm, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Slurm]:
    """Slurm, to whose commands ours lead; the jobs of the test are cancelled at its end."""
    settings.SLURM_COMMAND_PREFIXES = [""]
    monkeypatch.setenv("SLURM_CONF", str(slurm.folder / "slurm.conf"))
    yield slurm
    slurm.call("scancel", "--me")
    wait_until(lambda: slurm.names() == [])


@pytest.fixture
def site(transactional_db: None) -> Iterator[Site]:
    """The application behind a real web server."""
    if not hasattr(cache, "client"):
        pytest.skip("CACHE_URL is not set: no Valkey")
    with serve(application) as running:
        yield running


@pytest.fixture
def template(configured: Slurm, site: Site) -> JobTemplate:
    """Up to two jobs of one slot."""
    template = JobTemplateFactory(
        backend__max_concurrency=1,
        script=SCRIPT,
        site_url=site.url,
        partition="main",
        max_jobs=2,
        waiting_per_job=2,
        wall_minutes=30,
        start_minutes=5,
    )
    job_servers.withdraw(template.backend_id)
    return template


@pytest.fixture
def reconciled() -> Callable[[Callable[[], object]], None]:
    """``reconciled(condition)``: reconcile again and again until ``condition()``."""

    def until(condition: Callable[[], object]) -> None:
        def once() -> object:
            reconcile_all()
            return condition()

        def state() -> str:
            return str(list(ServerJob.objects.values("state", "reason", "detail")))

        try:
            wait_until(once)
        except AssertionError as error:
            raise AssertionError(state()) from error

    return until


@pytest.fixture
def asks(template: JobTemplate, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """``asks(n)``: from now on, ``n`` questions wait for the backend or are at it."""
    # They are not renewed here.
    monkeypatch.setattr("inference.queueing.fair_queue.LEASE_MS", 3_600_000)
    queue = BackendQueue(
        str(template.backend_id), template.backend.max_concurrency, jobs_of=template.backend_id
    )
    asked: list[str] = []

    def asks(n: int) -> None:
        while len(asked) > n:
            leave(queue, asked.pop(), has_answered=False)
        while len(asked) < n:
            asked.append(f"question-{len(asked)}")
            request = QueuedRequest(
                id=asked[-1],
                process="p",
                organisation_id=1,
                instance_id=1,
                person="p",
                is_batch=False,
                arrived_ms=len(asked),
            )
            enter(queue, request, may_wait=True)
        # As the renewals do, give the slots that are free by now.
        leave(queue, "none", has_answered=False)

    # The first pass tells everybody that questions may wait.
    reconcile_all()
    yield asks
    asks(0)
