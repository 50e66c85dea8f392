"""Continues runs, some seconds of one at a time.

What is fetched is stored at once with its outcome, in one transaction: a worker that was killed
loses one item, which is fetched again. No transaction is open while a server is asked.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Final

from django.conf import settings

from instances.claimed_runs import Claim
from instances.tenancy import tenant
from sources.credentials import secrets_of
from sources.errors import InternalFault, SourceError, translated
from sources.interface import ROBOT_NAME, Fetched, Opening, Reader
from sources.models import Source, SourceItem, SourceRun
from sources.registry import kind_of
from sources.runs.claims import source_runs
from sources.runs.ending import fail_run, remove_gone
from sources.runs.listing import item_of, store_page
from sources.runs.storing import RunRefused, store_failure, store_fetched
from web.outbound.client import OutboundClient

logger = logging.getLogger(__name__)

# The next run then has its turn.
SLICE_S: Final = 15.0
# The server is thought down: the rest is tried in the next run.
MAX_FAILED_IN_A_ROW: Final = 5
_MAX_DELAY_S: Final = 30.0


def work() -> Claim | None:
    """Continue the run whose turn it is; return its claim, None when none waited."""
    claim = source_runs.claim_next()
    if claim is None:
        return None
    try:
        _continue(claim)
    finally:
        with tenant(claim.instance_id):
            source_runs.release(claim)
    return claim


def _continue(claim: Claim) -> None:
    with tenant(claim.instance_id):
        run = source_runs.claimed_run(claim)
    if run is None:
        return
    until = monotonic() + SLICE_S
    try:
        if run.status == SourceRun.Status.REMOVING:
            # No reader: the kind of a source that is deleted may not be installed any more.
            while _remove(claim) and monotonic() < until:
                pass
            return
        with _opened(run.source) as reader:
            while _step(claim, reader) and monotonic() < until:
                pass
    except SourceError as error:
        logger.warning("run %s of a source: %s: %s", claim.run_id, error.code, error)
        _fail(claim, error.code)
    except RunRefused as error:
        _fail(claim, error.code)


def _fail(claim: Claim, code: str) -> None:
    with tenant(claim.instance_id):
        if run := source_runs.claimed_run(claim):
            fail_run(run, code)


@contextmanager
def _opened(source: Source) -> Iterator[Reader]:
    """Open the reader of a source. Raises SourceError."""
    user_agent = f"{ROBOT_NAME}/1.0 (+{settings.SITE_URL})"
    with OutboundClient(user_agent) as client:
        opening = Opening(
            options=source.options,
            secrets=secrets_of(source),
            client=client,
            max_items=settings.SOURCE_MAX_ITEMS,
            max_bytes=settings.MAX_UPLOAD_BYTES,
        )
        with _faults():
            reader = kind_of(source.kind).open(opening)
        try:
            yield reader
        finally:
            reader.close()


def _step(claim: Claim, reader: Reader) -> bool:
    """Do the next part of a run; return whether there is more."""
    with tenant(claim.instance_id):
        run = source_runs.claimed_run(claim)
    if run is None:
        return False
    if run.status == SourceRun.Status.REMOVING:
        return _remove(claim)
    if run.status == SourceRun.Status.LISTING:
        return _list(claim, run, reader)
    return _fetch_next(claim, run, reader)


def _remove(claim: Claim) -> bool:
    with tenant(claim.instance_id):
        run = source_runs.claimed_run(claim)
        return run is not None and remove_gone(run)


def _list(claim: Claim, run: SourceRun, reader: Reader) -> bool:
    with _faults():
        page = reader.list_items(run.cursor)
    with tenant(claim.instance_id):
        locked = source_runs.claimed_run(claim)
        if locked is not None:
            store_page(locked, page, max_items=_limit(reader))
    return locked is not None


def _fetch_next(claim: Claim, run: SourceRun, reader: Reader) -> bool:
    with tenant(claim.instance_id):
        row = _next_row(run)
    if row is None:
        _begin_removal(claim)
        return True
    result = _fetch(reader, row)
    with tenant(claim.instance_id):
        locked = source_runs.claimed_run(claim)
        row = _next_row(locked, row.pk) if locked is not None else None
        # The run was cancelled, or the item deleted, meanwhile.
        if locked is None or row is None:
            return locked is not None
        if isinstance(result, SourceError):
            store_failure(locked, row, result, max_items=_limit(reader))
        else:
            store_fetched(locked, row, result, max_items=_limit(reader))
    if isinstance(result, SourceError) and locked.failed_in_a_row >= MAX_FAILED_IN_A_ROW:
        raise result
    sleep(min(reader.delay_s, _MAX_DELAY_S))
    return True


def _fetch(reader: Reader, row: SourceItem) -> Fetched | SourceError:
    try:
        with _faults():
            return reader.fetch(item_of(row), row.fetched_mark)
    except SourceError as error:
        logger.info("item %s of a source: %s: %s", row.pk, error.code, error)
        return error


def _limit(reader: Reader) -> int:
    return min(reader.max_items, settings.SOURCE_MAX_ITEMS)


def _next_row(run: SourceRun, pk: int | None = None) -> SourceItem | None:
    """Return the next item to fetch, or that one if it is still to be fetched."""
    rows = (
        SourceItem.objects.for_instance(run.instance_id)
        .filter(run=run, is_pending=True)
        .select_related("document")
    )
    return (rows.filter(pk=pk) if pk else rows).order_by("position", "pk").first()


def _begin_removal(claim: Claim) -> None:
    with tenant(claim.instance_id):
        if run := source_runs.claimed_run(claim):
            run.status = SourceRun.Status.REMOVING
            run.save(update_fields=["status"])


@contextmanager
def _faults() -> Iterator[None]:
    """Raise errors of requests and of plug-ins as SourceError."""
    try:
        with translated():
            yield
    except SourceError:
        raise
    except Exception as error:
        # A plug-in may raise anything.
        logger.exception("a kind of source has failed")
        raise InternalFault(type(error).__name__) from error
