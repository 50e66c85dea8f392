"""The heartbeat of a worker at work on a document."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from ingestion.attempts.locking import Attempt
from ingestion.models import Document
from instances.tenancy import tenant

logger = logging.getLogger(__name__)

INTERVAL_S = 3.0


@contextmanager
def heartbeat(attempt: Attempt) -> Iterator[threading.Event]:
    """Record every ``INTERVAL_S``, from a thread, that the worker is alive.

    The event yielded is set once the document has been cancelled, deleted or restarted.
    """
    cancelled, stop = threading.Event(), threading.Event()
    thread = threading.Thread(target=_run, args=(attempt, cancelled, stop), daemon=True)
    thread.start()
    try:
        yield cancelled
    finally:
        stop.set()
        thread.join()


def _run(attempt: Attempt, cancelled: threading.Event, stop: threading.Event) -> None:
    while not stop.wait(INTERVAL_S):
        try:
            if not _record(attempt):
                cancelled.set()
        except (OperationalError, InterfaceError):
            logger.warning("database unavailable: no heartbeat of document %s", attempt.document_id)
        finally:
            connection.close()


def _record(attempt: Attempt) -> bool:
    """Write the time of this heartbeat; return whether the attempt is still current."""
    with tenant(attempt.instance_id):
        current = Document.objects.for_instance(attempt.instance_id).filter(
            pk=attempt.document_id, attempt=attempt.number, status__in=Document.UNFINISHED
        )
        return bool(current.update(worker_seen_at=timezone.now()))
