"""Readiness: whether database, broker, workers and model server answer within seconds."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import httpx
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, connection
from kombu.exceptions import KombuError, OperationalError

from instances.tenancy import in_database
from ragapp.celery import app
from web.server.client_queries import uninterrupted

logger = logging.getLogger(__name__)

TIMEOUT_S = 3.0
FRESH_S = 1.0
WORKER_REPLY_S = 1.0
QUEUES = {"parse", "embed"}

# What the check of a part raises when the part does not answer.
FAILURES = (
    DatabaseError,
    KombuError,
    OperationalError,
    OSError,
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    TimeoutError,
)


class NotReady(Exception):
    """A part answers, but cannot work."""


async def readiness() -> dict[str, bool]:
    """Whether database, broker, worker and model_server answer.

    However many requests come, the parts are asked once at a time, and once a second at most.
    """
    loop = asyncio.get_running_loop()
    check = _checks.get(loop)
    if check is None or (check.done() and not _is_fresh(check, loop.time())):
        # The first client may disconnect while others wait for the same check.
        with uninterrupted():
            check = _checks[loop] = loop.create_task(_ask_every_part())
    return (await asyncio.shield(check)).parts


@dataclass(frozen=True)
class _Answers:
    """Which parts answered, and when they were asked, by the clock of the event loop."""

    parts: dict[str, bool]
    asked_at: float


_Check = asyncio.Task[_Answers]
_checks: WeakKeyDictionary[asyncio.AbstractEventLoop, _Check] = WeakKeyDictionary()


def _is_fresh(check: _Check, now: float) -> bool:
    """Whether a check that is done is recent enough; a failed one never is."""
    failed = check.cancelled() or check.exception() is not None
    return not failed and now - check.result().asked_at < FRESH_S


async def _ask_every_part() -> _Answers:
    """Ask every part at once."""
    parts: dict[str, Callable[[], Awaitable[None]]] = {
        "database": _database,
        "broker": _broker,
        "worker": _worker,
        "model_server": _model_server,
    }
    asked_at = asyncio.get_running_loop().time()
    answers = await asyncio.gather(*(_answers(name, check) for name, check in parts.items()))
    return _Answers(dict(zip(parts, answers, strict=True)), asked_at)


async def _answers(name: str, check: Callable[[], Awaitable[None]]) -> bool:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await check()
    except (*FAILURES, NotReady) as error:
        logger.warning("%s is not ready: %s", name, error or type(error).__name__)
        return False
    return True


async def _database() -> None:
    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    await in_database(ask)


async def _broker() -> None:
    def ask() -> None:
        with app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, timeout=TIMEOUT_S)

    await sync_to_async(ask, thread_sensitive=False)()


async def _worker() -> None:
    """Check that every queue has a worker: two replies usually suffice, otherwise wait for all."""

    def ask(limit: int | None) -> tuple[int, set[str]]:
        with app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, timeout=TIMEOUT_S)
            replies = app.control.broadcast(
                "active_queues", reply=True, timeout=WORKER_REPLY_S, limit=limit, connection=broker
            )
        workers = [worker for reply in replies or [] for worker in reply.values()]
        return len(workers), {queue["name"] for worker in workers for queue in worker}

    ask_in_thread = sync_to_async(ask, thread_sensitive=False)
    n_workers, served = await ask_in_thread(len(QUEUES))
    # With fewer replies, all that there are have come.
    if n_workers >= len(QUEUES) and not served >= QUEUES:
        _, served = await ask_in_thread(None)
    if not served >= QUEUES:
        raise NotReady(f"no worker serves {', '.join(sorted(QUEUES - served))}")


async def _model_server() -> None:
    """Accept any answer below 500: embedding servers differ in what they list."""
    headers = {}
    if settings.EMBEDDING_API_KEY:
        headers["Authorization"] = f"Bearer {settings.EMBEDDING_API_KEY}"
    async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
        response = await client.get(f"{settings.EMBEDDING_BASE_URL}/models", headers=headers)
    if response.status_code >= 500:
        raise NotReady(f"it answers {response.status_code}")
