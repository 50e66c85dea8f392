"""Tells all processes which jobs of a template answer now."""

from collections.abc import Iterable
from dataclasses import replace

from django.utils import timezone

from inference.llm.backend import ChatBackend
from inference.models import JobTemplate, ServerJob
from inference.offered_models import Access, connection_to
from inference.queueing import job_servers
from inference.queueing.job_servers import JobServer, JobServers
from inference.slurm import decisions

_State = ServerJob.State
# The model of a request that asks for none.
_NO_MODEL = "?"
_LEAST_WAIT_S = 30


def publish(template: JobTemplate) -> None:
    """Publish the servers of a template, from its rows."""
    job_servers.publish(template.backend_id, servers_of(template))


def servers_of(template: JobTemplate) -> JobServers:
    """Return the servers, the newest first: older ones become idle, and end earlier."""
    jobs = list(template.jobs.active().order_by("-pk"))
    servers = tuple(_server(job) for job in jobs if job.state == _State.READY)
    if servers:
        return JobServers(servers)
    start_s = decisions.expected_start_s(template, template.jobs.that_answered())
    now = timezone.now()
    starting = [job for job in jobs if job.state in decisions.STARTING]
    if starting:
        begun_s = (now - starting[-1].requested_at).total_seconds()
        return JobServers(
            starts_in_s=max(_LEAST_WAIT_S, round(start_s - begun_s)), is_starting=True
        )
    retry_at = decisions.retry_at(template, template.jobs.that_are_over())
    is_failing = bool(template.problem) or not template.backend.is_enabled
    is_failing = is_failing or (retry_at is not None and now < retry_at)
    return JobServers(starts_in_s=round(start_s), is_failing=is_failing)


def connections_of(
    template: JobTemplate, states: Iterable[ServerJob.State]
) -> list[tuple[ServerJob, ChatBackend | None]]:
    """Return the jobs in these states, each with the connection to its server.

    None is one whose key cannot be read.
    """
    general = replace(connection_to(template.backend, _NO_MODEL, Access()), max_retries=0)
    return [
        (job, job_servers.connection_to_job(general, template.backend_id, _server(job)))
        for job in template.jobs.in_states(states)
    ]


def _server(job: ServerJob) -> JobServer:
    return JobServer(job.pk, job.base_url, job.encrypted_key)
