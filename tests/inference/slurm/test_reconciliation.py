"""Jobs of a real Slurm: started by questions, registered, replaced, stopped, and never doubled."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from inference.models import JobTemplate, ServerJob
from inference.queueing.fair_queue import BackendQueue, QueuedRequest, enter, leave
from inference.queueing.job_servers import job_servers
from inference.slurm.leases import lease_of
from inference.slurm.reconciliation import reconcile_all
from inference.slurm.scripts import EXAMPLE, port_of
from tests.fixtures.slurm import Slurm
from tests.fixtures.waiting import wait_until
from tests.inference.slurm.conftest import SERVER

State, Reason = ServerJob.State, ServerJob.Reason
Reconciled = Callable[[Callable[[], object]], None]


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


def states() -> list[str]:
    return [job.state for job in ServerJob.objects.order_by("pk")]


def jobs() -> list[ServerJob]:
    return list(ServerJob.objects.select_related("template").order_by("pk"))


def free_the_lease() -> None:
    """As if the time of the killed process's lease were over."""
    JobTemplate.objects.update(leased_until=timezone.now() - timedelta(seconds=1))


def test_job_is_started_registered_and_stopped_when_idle(
    template: JobTemplate, asks: Callable[[int], None], reconciled: Reconciled, configured: Slurm
) -> None:
    assert (states(), configured.names()) == ([], [])
    assert job_servers(template.backend_id).starts_in_s == 300
    asks(1)
    reconcile_all()
    assert job_servers(template.backend_id).is_starting
    reconciled(lambda: states() == [State.READY])
    (job,) = jobs()
    assert configured.names() == [job.name]
    (server,) = job_servers(template.backend_id).servers
    assert (server.job_id, server.base_url) == (job.pk, job.base_url)
    assert job.token_hash == ""
    assert job.ends_at is not None
    assert 25 < (job.ends_at - timezone.now()) / timedelta(minutes=1) <= 30
    asks(0)
    reconciled(lambda: jobs()[0].idle_since)
    ServerJob.objects.update(idle_since=timezone.now() - timedelta(hours=1))
    reconcile_all()
    assert (states(), job_servers(template.backend_id).servers) == ([State.DRAINING], ())
    ServerJob.objects.update(draining_at=timezone.now() - timedelta(seconds=10))
    reconciled(lambda: states() == [State.ENDED])
    (job,) = jobs()
    assert (job.reason, job.encrypted_key, configured.names()) == (Reason.IDLE, "", [])


def test_example_script_starts_and_registers_a_server(
    template: JobTemplate,
    asks: Callable[[int], None],
    reconciled: Reconciled,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vllm = tmp_path / "vllm"
    serve = f'exec {sys.executable} {SERVER} "$4" "$VLLM_API_KEY"'
    vllm.write_text(f'#!/bin/sh\ntest "$1 $2 $3" = "serve lab/one --port" && {serve}\n')
    vllm.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    # The cluster of the tests has no GPU, and its only node is this machine.
    script = EXAMPLE.replace("#SBATCH --gres=gpu:1\n", "").replace("$(hostname -f)", "127.0.0.1")
    template.script = script.replace("ragapp-%j.log", "/dev/null")
    template.model_path = "lab/one"
    template.save()
    asks(1)
    reconciled(lambda: states() == [State.READY])
    assert jobs()[0].base_url == f"http://127.0.0.1:{port_of(jobs()[0].pk)}/v1"


def test_job_with_answers_under_way_is_not_cancelled(
    template: JobTemplate, asks: Callable[[int], None], reconciled: Reconciled, configured: Slurm
) -> None:
    asks(1)
    reconciled(lambda: states() == [State.READY])
    asks(0)
    at_job = BackendQueue(f"{template.backend_id} job {jobs()[0].pk}", 1)
    under_way = QueuedRequest(
        id="under way",
        process="p",
        organisation_id=1,
        instance_id=1,
        person="p",
        is_batch=False,
        arrived_ms=1,
    )
    enter(at_job, under_way, may_wait=True)
    template.backend.is_enabled = False
    template.backend.save()
    reconciled(lambda: states() == [State.DRAINING])
    ServerJob.objects.update(draining_at=timezone.now() - timedelta(seconds=10))
    reconcile_all()
    assert configured.names() == [jobs()[0].name]
    leave(at_job, "under way", has_answered=True)
    reconciled(lambda: states() == [State.ENDED])
    assert jobs()[0].reason == Reason.DISABLED


def test_second_partition_is_used_from_the_threshold(
    template: JobTemplate, asks: Callable[[int], None], reconciled: Reconciled
) -> None:
    template.overflow_partition, template.overflow_waiting = "second", 3
    template.save()
    asks(1)
    reconciled(lambda: states() == [State.READY])
    asks(4)
    reconciled(lambda: states() == [State.READY] * 2)
    assert [job.partition for job in jobs()] == ["main", "second"]
    # Never more than the most.
    asks(9)
    reconcile_all()
    assert len(states()) == 2


def test_job_is_replaced_before_its_wall_time_ends(
    template: JobTemplate, asks: Callable[[int], None], reconciled: Reconciled, configured: Slurm
) -> None:
    template.max_jobs = 1
    template.save()
    asks(1)
    reconciled(lambda: states() == [State.READY])
    old = jobs()[0]
    configured.call("scontrol", "update", f"JobId={old.slurm_id}", "TimeLimit=4")
    ServerJob.objects.update(ready_at=timezone.now() + timedelta(minutes=2))
    reconciled(lambda: len(states()) == 2)
    # The old one goes on until the new one answers.
    assert states()[0] == State.READY
    ServerJob.objects.filter(pk=old.pk).update(ready_at=timezone.now())
    reconciled(lambda: states() == [State.DRAINING, State.READY])
    (server,) = job_servers(template.backend_id).servers
    assert server.job_id == jobs()[1].pk
    ServerJob.objects.filter(pk=old.pk).update(draining_at=timezone.now() - timedelta(seconds=10))
    reconciled(lambda: states() == [State.ENDED, State.READY])
    assert jobs()[0].reason == Reason.REPLACED


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"partition": "none"}, Reason.PARTITION),
        ({"wall_minutes": 90}, Reason.TIME_LIMIT),
        ({"script": "#!/bin/bash\n#SBATCH -o /dev/null\nexit 3 # {{token}}"}, Reason.ENDED_EARLY),
        ({"networks": "10.0.0.0/8"}, Reason.ADDRESS),
    ],
    ids=["partition", "wall-time", "script", "address"],
)
def test_failure_is_noted_and_releases_the_questions(
    template: JobTemplate,
    asks: Callable[[int], None],
    reconciled: Reconciled,
    configured: Slurm,
    fields: dict[str, Any],
    reason: ServerJob.Reason,
) -> None:
    for name, value in fields.items():
        setattr(template, name, value)
    template.save()
    asks(1)
    reconciled(lambda: states() == [State.ENDED])
    (job,) = jobs()
    assert job.reason == reason
    assert job.detail
    reconcile_all()
    assert job_servers(template.backend_id).is_failing
    assert (len(jobs()), configured.names()) == (1, [])
    # A change of the template is tried at once.
    template.save()
    reconciled(lambda: len(jobs()) == 2)


def test_job_that_does_not_register_in_time_is_cancelled(
    template: JobTemplate, asks: Callable[[int], None], reconciled: Reconciled, configured: Slurm
) -> None:
    template.script = "#!/bin/bash\n#SBATCH -o /dev/null\nexec sleep 600"
    template.save()
    asks(1)
    reconciled(lambda: states() == [State.RUNNING])
    assert jobs()[0].token_expires_at < timezone.now() + timedelta(minutes=6)
    ServerJob.objects.update(started_at=timezone.now() - timedelta(minutes=6))
    reconciled(lambda: states() == [State.ENDED])
    assert (jobs()[0].reason, configured.names()) == (Reason.LATE, [])


def test_job_that_is_killed_is_forgotten_and_replaced(
    template: JobTemplate, asks: Callable[[int], None], reconciled: Reconciled, configured: Slurm
) -> None:
    asks(1)
    reconciled(lambda: states() == [State.READY])
    configured.call("scancel", str(jobs()[0].slurm_id))
    reconciled(lambda: states()[0] == State.ENDED)
    assert jobs()[0].reason == Reason.CANCELLED
    reconciled(lambda: states() == [State.ENDED, State.READY])


def test_unreachable_controller_changes_no_row(
    template: JobTemplate,
    asks: Callable[[int], None],
    reconciled: Reconciled,
    configured: Slurm,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asks(1)
    reconciled(lambda: states() == [State.READY])
    wrong = configured.folder / "wrong.conf"
    text = (configured.folder / "slurm.conf").read_text()
    wrong.write_text(text.replace("munge.socket", "no.socket"))
    with monkeypatch.context() as patched:
        patched.setenv("SLURM_CONF", str(wrong))
        reconcile_all()
    template.refresh_from_db()
    assert (template.problem, states()) == (Reason.UNREACHABLE, [State.READY])
    assert job_servers(template.backend_id).servers
    reconcile_all()
    template.refresh_from_db()
    assert (template.problem, template.problem_detail) == ("", "")


def test_two_reconcilers_start_one_job(
    template: JobTemplate, asks: Callable[[int], None], reconciled: Reconciled, configured: Slurm
) -> None:
    asks(1)
    with lease_of(template) as lease:
        assert lease is not None
        reconcile_all()
        assert states() == []
    reconcile_all()
    reconcile_all()
    assert len(states()) == 1


KILLED = """
import sys, time
import django
django.setup()
from inference.slurm import commands
from inference.slurm.reconciliation import reconcile_all
from inference.slurm.scripts import EXAMPLE, port_of

submit = commands.submit

def submit_and_hang(*arguments, **more):
    if sys.argv[1] == "after":
        submit(*arguments, **more)
    print("here", flush=True)
    time.sleep(600)

commands.submit = submit_and_hang
reconcile_all()
"""


@pytest.mark.crash
@pytest.mark.parametrize("when", ["before", "after"])
def test_reconciler_killed_at_sbatch_leaves_neither_two_jobs_nor_none(
    template: JobTemplate,
    asks: Callable[[int], None],
    reconciled: Reconciled,
    configured: Slurm,
    when: str,
) -> None:
    asks(1)
    url = urlsplit(os.environ["DATABASE_URL"])
    url = url._replace(path=f"/{connection.settings_dict['NAME']}")
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "ragapp.settings",
        "DATABASE_URL": url.geturl(),
        "SLURM_COMMAND_PREFIXES": "direct",
    }
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, when], env=env, stdout=subprocess.PIPE, text=True
    ) as reconciler:
        assert reconciler.stdout is not None
        assert reconciler.stdout.readline() == "here\n"
        reconciler.kill()
    (job,) = jobs()
    assert job.slurm_id is None
    assert (configured.names() == [job.name]) is (when == "after")
    # Its lease still counts.
    reconcile_all()
    assert jobs()[0].slurm_id is None or when == "after"
    free_the_lease()
    reconciled(lambda: states() == [State.READY])
    assert configured.names() == [job.name]


def test_row_that_was_never_submitted_ends_with_its_backend(
    template: JobTemplate, asks: Callable[[int], None]
) -> None:
    asks(1)
    ServerJob.objects.create(template=template, requested_at=timezone.now())
    template.backend.is_enabled = False
    template.backend.save()
    reconcile_all()
    assert states() == [State.ENDED]


def test_second_job_of_a_row_and_jobs_without_a_row_are_cancelled(
    template: JobTemplate, asks: Callable[[int], None], reconciled: Reconciled, configured: Slurm
) -> None:
    asks(1)
    reconciled(lambda: states() == [State.READY])
    name = jobs()[0].name
    for other in (name, f"ragapp-{template.key}-999999", "ragapp-00000000-1"):
        configured.call("sbatch", "-o", "/dev/null", f"--job-name={other}", "--wrap", "sleep 600")
    wait_until(lambda: len(configured.names()) == 4)
    reconciled(lambda: sorted(configured.names()) == sorted([name, "ragapp-00000000-1"]))
    assert states() == [State.READY]
