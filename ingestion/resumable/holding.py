"""The right of one process to finish an upload, renewed as long as it works."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from ingestion.models import ResumableUpload
from instances.tenancy import tenant

logger = logging.getLogger(__name__)

_HELD = timedelta(seconds=60)
_RENEWED_EVERY_S = 15.0


def hold_until() -> datetime:
    """Return how long an upload is held that is taken, or renewed, now."""
    return timezone.now() + _HELD


@contextmanager
def held(upload: ResumableUpload) -> Iterator[None]:
    """Renew the hold on an upload, from a thread, while the block runs."""
    stop = threading.Event()
    thread = threading.Thread(target=_renew, args=(upload, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _renew(upload: ResumableUpload, stop: threading.Event) -> None:
    while not stop.wait(_RENEWED_EVERY_S):
        try:
            with tenant(upload.instance_id):
                rows = ResumableUpload.objects.for_instance(upload.instance_id)
                held_rows = rows.filter(pk=upload.pk, finishing_until__isnull=False)
                held_rows.update(finishing_until=hold_until())
        except (OperationalError, InterfaceError):
            logger.warning("database unavailable: upload %s is not renewed", upload.pk)
        finally:
            connection.close()
