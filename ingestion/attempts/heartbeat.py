"""The heartbeat of a worker at work."""

import logging
import threading
from collections.abc import Callable, Iterator
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
    """Record every ``INTERVAL_S``, from a thread, that the worker at a document is alive.

    The event yielded is set once the document has been cancelled, deleted or restarted.
    """
    with beating(lambda: _record(attempt), f"document {attempt.document_id}") as cancelled:
        yield cancelled


@contextmanager
def beating(record: Callable[[], bool], name: str) -> Iterator[threading.Event]:
    """Call ``record`` every ``INTERVAL_S``, from a thread; set the event once it returns False."""
    cancelled, stop = threading.Event(), threading.Event()
    thread = threading.Thread(target=_run, args=(record, name, cancelled, stop), daemon=True)
    thread.start()
    try:
        yield cancelled
    finally:
        stop.set()
        thread.join()


def _run(
    record: Callable[[], bool], name: str, cancelled: threading.Event, stop: threading.Event
) -> None:
    while not stop.wait(INTERVAL_S):
        try:
            if not record():
                cancelled.set()
        except (OperationalError, InterfaceError):
            logger.warning("database unavailable: no heartbeat of %s", name)
        finally:
            connection.close()


def _record(attempt: Attempt) -> bool:
    """Write the time of this heartbeat; return whether the attempt is still current."""
    with tenant(attempt.instance_id):
        current = Document.with_attachments.for_instance(attempt.instance_id).filter(
            pk=attempt.document_id, attempt=attempt.number, status__in=Document.UNFINISHED
        )
        return bool(current.update(worker_seen_at=timezone.now()))
