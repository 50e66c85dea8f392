"""Brings the jobs of each template to what its queue needs; runs every few seconds.

Each pass reads squeue and the queues, and may be killed anywhere: the next one goes on from the
rows. One process at a time reconciles a template (``leases``).
"""

import asyncio
import logging
from datetime import timedelta

from django.utils import timezone

from inference.errors import InferenceError
from inference.llm.backend import ChatBackend
from inference.llm.client import list_models
from inference.llm.connections import close_shared_client
from inference.models import JobTemplate, ServerJob
from inference.queueing import job_servers
from inference.queueing.fair_queue import BackendQueue
from inference.queueing.loads import loads_of
from inference.slurm import commands, decisions
from inference.slurm.decisions import Demand
from inference.slurm.errors import LeaseLost, SlurmFailed
from inference.slurm.leases import Lease, lease_of
from inference.slurm.observation import observe
from inference.slurm.publication import connections_of, publish
from inference.slurm.submission import end, start_job, submit

logger = logging.getLogger(__name__)

_State, _Reason = ServerJob.State, ServerJob.Reason
_CHECK_TIMEOUT_S = 5.0
# Requests that read the servers just before a job was taken off have reached its queue by then.
_SETTLING = timedelta(seconds=5)
# The longest answer, after which a job is cancelled in any case.
_LONGEST_ANSWER = timedelta(minutes=30)
# An sbatch without an answer may have submitted its job, which squeue then lists.
_UNANSWERED = timedelta(minutes=1)
_KEPT = timedelta(days=30)


def reconcile_all() -> None:
    """Reconcile the jobs of every template; the failure of one does not keep the others."""
    for template in JobTemplate.objects.select_related("backend"):
        with lease_of(template) as lease:
            if lease is None:
                continue
            try:
                reconcile(template, lease)
            except LeaseLost as error:
                logger.warning("another process reconciles meanwhile: %s", error)


def reconcile(template: JobTemplate, lease: Lease) -> None:
    """Bring the jobs of a template to what is needed. Raises LeaseLost."""
    try:
        lease.renew()
        jobs = _active(template)
        listed = commands.list_jobs(template.command_prefix, template.key)
        lease.renew()
        unwanted = observe(template, jobs, listed)
        _check_servers(template)
        demand = _demand(template)
        if demand is not None:
            _note_idleness(template, demand)
        _stop(template, demand, unwanted, lease)
        if demand is not None and template.backend.is_enabled:
            _start(template, demand, lease)
        _note_problem(template, "", "")
    except SlurmFailed as error:
        _note_problem(template, error.reason, str(error))
    template.jobs.filter(ended_at__lt=timezone.now() - _KEPT).delete()
    publish(template)


def _active(template: JobTemplate) -> list[ServerJob]:
    return list(template.jobs.active().select_related("template__backend").order_by("pk"))


def _wanted(template: JobTemplate) -> list[ServerJob]:
    return list(template.jobs.wanted().select_related("template__backend").order_by("pk"))


def _note_problem(template: JobTemplate, reason: str, detail: str) -> None:
    if (template.problem, template.problem_detail) != (reason, detail[:500]):
        template.problem, template.problem_detail = reason, detail[:500]
        # Without a new ``updated_at``, which is that of the operators' changes.
        JobTemplate.objects.filter(pk=template.pk).update(
            problem=template.problem, problem_detail=template.problem_detail
        )


def _check_servers(template: JobTemplate) -> None:
    """Ask the servers that have registered for their models, all at once."""
    found = connections_of(template, (_State.REGISTERED, _State.READY))
    if not found:
        return
    answers = asyncio.run(_answering([connection for _job, connection in found]))
    now = timezone.now()
    for (job, _connection), answers_now in zip(found, answers, strict=True):
        row = ServerJob.objects.filter(pk=job.pk, state=job.state)
        if not answers_now:
            row.update(failed_checks=job.failed_checks + (job.state == _State.READY))
        elif job.state == _State.REGISTERED:
            row.update(state=_State.READY, ready_at=now, idle_since=None)
        elif job.failed_checks:
            row.update(failed_checks=0)


async def _answering(connections: list[ChatBackend | None]) -> list[bool]:
    async def answers(connection: ChatBackend | None) -> bool:
        if connection is None:
            return False
        try:
            async with asyncio.timeout(_CHECK_TIMEOUT_S):
                await list_models(connection)
        except (InferenceError, TimeoutError) as error:
            logger.info("%s does not answer: %s", connection.base_url, error)
            return False
        return True

    try:
        return list(await asyncio.gather(*map(answers, connections)))
    finally:
        await close_shared_client()


def _demand(template: JobTemplate) -> Demand | None:
    """Return what the queues say; None while Valkey cannot be reached."""
    backend = template.backend
    numbers = [job.pk for job in _active(template)]
    whole = BackendQueue(str(backend.pk), backend.max_concurrency, jobs_of=backend.pk)
    by_job = {
        pk: BackendQueue(job_servers.queue_name_of(backend.pk, pk), backend.max_concurrency)
        for pk in numbers
    }
    loads = loads_of([whole, *by_job.values()])
    if not loads:
        return None
    held = {pk: loads[queue].n_held + loads[queue].n_waiting for pk, queue in by_job.items()}
    return Demand(loads[whole].n_waiting, held)


def _note_idleness(template: JobTemplate, demand: Demand) -> None:
    """Note since when each job has had no question; while others wait, none is idle."""
    now = timezone.now()
    for job in _wanted(template):
        is_used = demand.waiting > 0 or demand.held[job.pk] > 0
        if is_used != (job.idle_since is None):
            ServerJob.objects.filter(pk=job.pk).update(idle_since=None if is_used else now)


def _stop(template: JobTemplate, demand: Demand | None, unwanted: list[int], lease: Lease) -> None:
    """Take questions off the jobs that are to end, and cancel those that have none left."""
    now = timezone.now()
    for job, reason in decisions.stops(template, _wanted(template), now):
        row = ServerJob.objects.filter(pk=job.pk, state=job.state)
        row.update(state=_State.DRAINING, draining_at=now, reason=reason, token_hash="")
    publish(template)
    for job in _active(template):
        if job.state != _State.DRAINING or job.draining_at is None:
            continue
        if job.slurm_id is None:
            # squeue did not list it either: it was never submitted.
            end(job, job.reason, job.detail)
            continue
        held = demand.held.get(job.pk, 0) if demand else 1
        is_free = held == 0 and now > job.draining_at + _SETTLING
        if job.ready_at is None or is_free or now > job.draining_at + _LONGEST_ANSWER:
            unwanted = [*unwanted, job.slurm_id]
    if unwanted:
        lease.renew()
        commands.cancel(template.command_prefix, unwanted)


def _start(template: JobTemplate, demand: Demand, lease: Lease) -> None:
    """Submit again what a killed process left behind; else start the next job, if one is needed."""
    now = timezone.now()
    # Read before those that are over: a job that is refused at its registration meanwhile is in
    # both, so that either it or the pause keeps another from being started.
    wanted = _wanted(template)
    left = [job for job in wanted if job.slurm_id is None]
    for job in left:
        if job.state != _State.REQUESTED:
            continue
        if job.submitted_at is None:
            submit(job, lease)
        elif now > job.submitted_at + _UNANSWERED:
            end(job, _Reason.NO_ANSWER, job.detail)
    if left:
        return
    retry_at = decisions.retry_at(template, template.jobs.that_are_over())
    if retry_at is not None and now < retry_at:
        return
    start_s = decisions.expected_start_s(template, template.jobs.that_answered())
    if start := decisions.next_start(template, wanted, demand, now, start_s):
        start_job(template, lease, start, beside=wanted)
