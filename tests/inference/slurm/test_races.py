"""Passes of the reconciler, registrations and operators at once; the scheduler is scripted."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, connections, transaction
from django.utils import timezone

from inference.models import JobTemplate, ServerJob
from inference.slurm import commands, decisions
from inference.slurm.by_hand import request_job, stop_job
from inference.slurm.errors import RegistrationRefused
from inference.slurm.reconciliation import reconcile_all
from inference.slurm.registration import register
from tests.fixtures.waiting import wait_until
from tests.inference.factories import JobTemplateFactory
from tests.inference.slurm.job_rows import Reason, State, jobs, states
from tests.inference.slurm.scripted_slurm import ScriptedSlurm

Beside = Callable[..., Future[Any]]
ADDRESS = "127.0.0.1:9"


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> ScriptedSlurm:
    settings.SLURM_COMMAND_PREFIXES = [""]
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return ScriptedSlurm(tmp_path)


@pytest.fixture
def template(transactional_db: None, slurm: ScriptedSlurm) -> JobTemplate:
    """One job, which is always wanted."""
    if not hasattr(cache, "client"):
        pytest.skip("CACHE_URL is not set: no Valkey")
    return JobTemplateFactory(
        script="#!/bin/sh\n{{register_url}} {{token}}", min_jobs=1, max_jobs=1, start_minutes=5
    )


@pytest.fixture
def beside() -> Iterator[Beside]:
    """``beside(function, *arguments)``: its future result, from another thread."""
    with ThreadPoolExecutor() as threads:

        def started(function: Callable[..., Any], *arguments: Any) -> Future[Any]:
            def run() -> Any:
                try:
                    return function(*arguments)
                finally:
                    connections.close_all()

            return threads.submit(run)

        yield started


def wait_for_locks(number: int) -> None:
    """Wait until so many statements of other connections wait for a lock."""

    def waiting() -> bool:
        with connection.cursor() as cursor:
            # The activity is read once a transaction otherwise.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND wait_event_type = 'Lock'"
            )
            return cursor.fetchone()[0] == number

    wait_until(waiting)


def test_slow_pass_does_not_end_the_job_of_the_next_one(
    template: JobTemplate, slurm: ScriptedSlurm, beside: Beside
) -> None:
    slurm.hold("squeue")
    slow = beside(reconcile_all)
    slurm.wait_for("squeue")
    # As if the time of its lease were over.
    JobTemplate.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    reconcile_all()
    assert slurm.running() == [1]
    slurm.release("squeue")
    slow.result()
    assert register(slurm.token(1), ADDRESS).state == State.REGISTERED
    reconcile_all()
    assert (states(), slurm.running()) == ([State.REGISTERED], [1])


def test_job_that_another_process_submits_during_squeue_is_neither_lost_nor_cancelled(
    template: JobTemplate,
    slurm: ScriptedSlurm,
    beside: Beside,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The lease of a pass is renewed at its moments only: here, the loss is not noticed.
    monkeypatch.setattr("inference.slurm.leases.Lease.renew", lambda lease: None)
    reconcile_all()
    slurm.hold("squeue")
    slow = beside(reconcile_all)
    slurm.wait_for("squeue")
    other = ServerJob.objects.create(
        template=template, requested_at=timezone.now(), slurm_id=7, state=State.PENDING
    )
    with (slurm.folder / "jobs").open("a") as listed:
        listed.write(f"7@{other.name}@RUNNING@main@30:00@None\n")
    slurm.release("squeue")
    slow.result()
    reconcile_all()
    assert (states(), slurm.cancelled()) == ([State.RUNNING] * 2, [])


def test_job_of_an_operator_and_one_of_the_reconciler_are_not_started_together(
    template: JobTemplate, slurm: ScriptedSlurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    next_start = decisions.next_start

    def decide_and_wait(*arguments: Any) -> decisions.Start | None:
        start = next_start(*arguments)
        assert start is None or request_job(template)
        return start

    monkeypatch.setattr(decisions, "next_start", decide_and_wait)
    reconcile_all()
    reconcile_all()
    assert (len(jobs()), slurm.running()) == (1, [1])
    assert not request_job(template)


def test_job_whose_sbatch_did_not_answer_registers_and_is_adopted(
    template: JobTemplate, slurm: ScriptedSlurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "COMMAND_TIMEOUT_S", 1)
    slurm.hold("answer")
    reconcile_all()
    assert (states(), jobs()[0].slurm_id) == ([State.REQUESTED], None)
    assert register(slurm.token(1), ADDRESS).state == State.REGISTERED
    reconcile_all()
    (job,) = jobs()
    assert (job.state, job.slurm_id, slurm.running()) == (State.REGISTERED, 1, [1])


def test_job_that_sbatch_never_submitted_ends_after_a_minute(
    template: JobTemplate, slurm: ScriptedSlurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "COMMAND_TIMEOUT_S", 1)
    slurm.hold("sbatch")
    reconcile_all()
    reconcile_all()
    assert (states(), (slurm.folder / "script-2").exists()) == ([State.REQUESTED], False)
    ServerJob.objects.update(submitted_at=timezone.now() - timedelta(minutes=2))
    reconcile_all()
    reconcile_all()
    (job,) = jobs()
    assert (job.state, job.reason) == (State.ENDED, Reason.NO_ANSWER)
    assert "sbatch has not ended" in job.detail


def test_of_two_registrations_at_once_one_counts(
    template: JobTemplate, slurm: ScriptedSlurm, beside: Beside
) -> None:
    reconcile_all()
    with transaction.atomic():
        ServerJob.objects.select_for_update().get()
        tries = [beside(register, slurm.token(1), f"127.0.0.1:{port}") for port in (8, 9)]
        wait_for_locks(2)
    refused = [each for each in tries if isinstance(each.exception(), RegistrationRefused)]
    (accepted,) = [each for each in tries if each.exception() is None]
    assert len(refused) == 1
    assert jobs()[0].base_url == accepted.result().base_url


def test_late_registration_does_not_bring_back_a_job_that_is_stopped(
    template: JobTemplate, slurm: ScriptedSlurm, beside: Beside
) -> None:
    reconcile_all()
    with transaction.atomic():
        ServerJob.objects.select_for_update().get()
        late = beside(register, slurm.token(1), ADDRESS)
        wait_for_locks(1)
        assert stop_job(jobs()[0])
    assert isinstance(late.exception(), RegistrationRefused)
    assert states() == [State.DRAINING]


def test_registration_during_a_pass_is_not_undone_by_it(
    template: JobTemplate, slurm: ScriptedSlurm, beside: Beside
) -> None:
    reconcile_all()
    slurm.hold("squeue")
    slow = beside(reconcile_all)
    slurm.wait_for("squeue")
    register(slurm.token(1), ADDRESS)
    slurm.release("squeue")
    slow.result()
    assert states() == [State.REGISTERED]


def test_job_refused_at_its_registration_during_a_pass_is_not_replaced_at_once(
    template: JobTemplate, slurm: ScriptedSlurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    reconcile_all()
    retry_at = decisions.retry_at

    def decide_while_it_is_refused(*arguments: Any) -> datetime | None:
        decided = retry_at(*arguments)
        with pytest.raises(RegistrationRefused):
            register(slurm.token(1), "192.0.2.1:9")
        return decided

    with monkeypatch.context() as patched:
        patched.setattr(decisions, "retry_at", decide_while_it_is_refused)
        reconcile_all()
    assert states() == [State.DRAINING]
    reconcile_all()
    reconcile_all()
    (job,) = jobs()
    assert (job.state, job.reason, slurm.running()) == (State.ENDED, Reason.ADDRESS, [])
