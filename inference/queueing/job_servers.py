"""The servers of a backend whose servers are jobs of Slurm, as every process sees them now.

``inference.slurm`` publishes them in the shared cache after each change; requests read them there,
without a query. What the cache has lost is published again within seconds.
"""

import logging
from dataclasses import dataclass, replace

from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured

from inference.llm.backend import ChatBackend
from web.encryption import decrypt

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JobServer:
    """A job that answers; ``encrypted_key`` is the key that its server asks for."""

    job_id: int
    base_url: str
    encrypted_key: str = ""


@dataclass(frozen=True, slots=True)
class JobServers:
    """The servers, in the order in which they are filled.

    ``starts_in_s`` is the time until the first would answer, if there is none; with ``is_starting``
    its job has been started already. ``is_failing``: no job can be started now.
    """

    servers: tuple[JobServer, ...] = ()
    starts_in_s: int | None = None
    is_starting: bool = False
    is_failing: bool = False

    def slots(self, capacity: int) -> int:
        """Return how many answers are given at a time, if each server gives ``capacity``.

        Where no job can be started, requests do not wait for one: each is let through, and fails.
        """
        return capacity * (len(self.servers) or self.is_failing)


# Nobody has published any: there is no template, or the cache is new.
_UNKNOWN = JobServers(is_failing=True)


def job_servers(backend_id: int) -> JobServers:
    """Return the servers of a backend; waits for the cache."""
    found: JobServers = cache.get(_key(backend_id), _UNKNOWN)
    return found


def publish(backend_id: int, servers: JobServers) -> None:
    """Make all processes use these servers."""
    cache.set(_key(backend_id), servers, timeout=None)


def withdraw(backend_id: int) -> None:
    """Forget the servers of a backend that has no template any more."""
    cache.delete(_key(backend_id))


def connections_to(connection: ChatBackend) -> list[ChatBackend]:
    """Return the connections to the jobs that serve ``connection.jobs_of`` now."""
    backend_id = connection.jobs_of
    if backend_id is None:
        return [connection]
    servers = job_servers(backend_id).servers
    found = (connection_to_job(connection, backend_id, server) for server in servers)
    return [each for each in found if each is not None]


def connection_to_job(
    connection: ChatBackend, backend_id: int, server: JobServer
) -> ChatBackend | None:
    """Return the connection to one of the jobs that serve a backend.

    None if its key cannot be read, which is logged.
    """
    try:
        key = decrypt(server.encrypted_key) if server.encrypted_key else ""
    except ImproperlyConfigured as error:
        logger.error("the key of job %s: %s", server.job_id, error)
        return None
    return replace(
        connection,
        jobs_of=None,
        base_url=server.base_url,
        api_key=key,
        queue_name=queue_name_of(backend_id, server.job_id),
    )


def queue_name_of(backend_id: int, job_id: int) -> str:
    """Return the name of the queue at one job."""
    return f"{backend_id} job {job_id}"


def _key(backend_id: int) -> str:
    return f"inference:job_servers:{backend_id}"
