"""Jobs of a real Slurm: started by questions, registered, replaced and stopped."""

import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from inference.models import JobTemplate, ServerJob
from inference.queueing.fair_queue import BackendQueue, QueuedRequest, enter, leave
from inference.queueing.job_servers import job_servers
from inference.slurm.by_hand import request_job, stop_job
from inference.slurm.reconciliation import reconcile_all
from inference.slurm.scripts import EXAMPLE, port_of
from tests.fixtures.slurm import Slurm
from tests.inference.slurm.conftest import SERVER
from tests.inference.slurm.job_rows import Reason, Reconciled, State, jobs, states


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


def test_job_is_started_and_stopped_by_hand(
    template: JobTemplate, reconciled: Reconciled, configured: Slurm
) -> None:
    assert request_job(template)
    # No question waits, and none has for longer than a job would be kept.
    ServerJob.objects.update(idle_since=timezone.now() - timedelta(hours=1))
    reconcile_all()
    assert configured.names() == [jobs()[0].name]
    reconciled(lambda: states() == [State.READY])
    assert stop_job(jobs()[0])
    assert job_servers(template.backend_id).servers == ()
    ServerJob.objects.update(draining_at=timezone.now() - timedelta(seconds=10))
    reconciled(lambda: states() == [State.ENDED])
    (job,) = jobs()
    assert (job.reason, configured.names()) == (Reason.STOPPED, [])


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
