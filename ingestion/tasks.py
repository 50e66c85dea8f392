"""Celery tasks of the pipeline, its reconciler and the deletion of orphaned files.

A document's state is in PostgreSQL; a message in the broker names no document. The worker that
receives it claims the next one (``ingestion.turns``).
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from uuid import UUID

from celery import Task, current_app, shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, connection
from kombu.exceptions import OperationalError as BrokerUnavailable

from inference.errors import InferenceError
from ingestion import pipeline
from ingestion.attempts import transitions
from ingestion.attempts.locking import StaleAttempt
from ingestion.errors import FilesUnavailable, ParseTimeout, SandboxUnavailable, ServiceError
from ingestion.indexing.generations import read_active_index
from ingestion.indexing.shards.building import build, needs_build
from ingestion.models import Document, IndexGeneration
from ingestion.recovery import reconciliation
from ingestion.recovery.orphans import delete_orphans
from ingestion.reindexing import building
from ingestion.reindexing.claims import is_work_waiting
from ingestion.reindexing.starting import REINDEX
from ingestion.reindexing.switching import delete_some, next_deletion
from ingestion.turns import EMBED, PARSE, Stage, claim_next, next_in_turn
from instances.tenancy import tenant

logger = logging.getLogger(__name__)

_DATABASE_UNAVAILABLE = (OperationalError, InterfaceError)
_TRANSIENT = (*_DATABASE_UNAVAILABLE, InferenceError, SandboxUnavailable, FilesUnavailable)
# How long to retry the write of a failure while the database restarts.
_DATABASE_PATIENCE_S = 60.0


def enqueue(task: Task) -> None:
    """Send a message to a worker; if the broker is unavailable, the reconciler sends it later."""
    try:
        task.apply_async(retry=False)
    except BrokerUnavailable:
        logger.warning("broker unavailable: the reconciler will enqueue %s", task.name)


@shared_task(name="ingestion.tasks.parse", soft_time_limit=1200, time_limit=1260)
def parse() -> None:
    """Parse the next document, then enqueue its embedding; or unpack some of an archive."""
    try:
        status = _run_next(PARSE)
        if status == Document.Status.EMBEDDING:
            enqueue(embed)
        elif status in (Document.Status.PARSING, Document.Status.READY):
            enqueue(parse)  # an archive, whose members wait for another worker, too
    finally:
        _enqueue_again(PARSE, parse)


@shared_task(name="ingestion.tasks.embed")
def embed() -> None:
    """Embed some passages of the next document; publish it after the last.

    Its duration is limited by the number of passages and the timeouts of the client.
    """
    try:
        if _run_next(EMBED) == Document.Status.QUEUED:
            enqueue(parse)  # another index answers since it was parsed
    finally:
        _enqueue_again(EMBED, embed)


@shared_task(name="ingestion.tasks.reconcile", ignore_result=True, expires=60)
def reconcile() -> None:
    """Restart documents of dead workers, and enqueue tasks where the broker lost its messages."""
    reconciliation.restart_lost_documents()
    for stage, task in ((PARSE, parse), (EMBED, embed)):
        if next_in_turn(stage) and not waiting_messages(stage.name):
            for _ in range(stage.slots):
                enqueue(task)
    if is_work_waiting(statuses=IndexGeneration.UNFINISHED) or next_deletion():
        enqueue(reindex)


@shared_task(name="ingestion.tasks.delete_orphaned_files", ignore_result=True, expires=3600)
def delete_orphaned_files() -> None:
    """Delete stored files that belong to no document."""
    delete_orphans()


@shared_task(name="ingestion.tasks.build_shards", ignore_result=True)
def build_shards(instance_id: int) -> None:
    """Cover the chunks of a large instance by its approximate index."""
    with tenant(instance_id):
        index = read_active_index(instance_id)
        is_needed = needs_build(instance_id, index)
    if is_needed:
        build(instance_id, index)


@shared_task(name=REINDEX, ignore_result=True)
def reindex() -> None:
    """Build some of the next index of an instance; without any, delete some of an old one."""
    try:
        if building.work() is None and (old := next_deletion()):
            delete_some(*old)
    finally:
        _reindex_if_waiting()


def _reindex_if_waiting() -> None:
    try:
        if is_work_waiting() or next_deletion():
            enqueue(reindex)
    except _DATABASE_UNAVAILABLE:
        logger.warning("database unavailable: the reconciler will enqueue what waits")


def waiting_messages(queue: str) -> int:
    """Return the number of messages in a queue of the broker."""
    with current_app.connection_for_read() as connection:
        # Declare the queue: a broker that was restarted empty does not know it.
        declared = current_app.amqp.queues[queue](connection.default_channel).queue_declare()
        return int(declared.message_count)


def _run_next(stage: Stage) -> Document.Status | None:
    """Run the stage for the next document and return its new status; None if it did not run.

    A transient failure postpones the document; any other marks it as failed, and is raised.
    """
    try:
        attempt = claim_next(stage)
    except _DATABASE_UNAVAILABLE:
        logger.warning("database unavailable: the reconciler will enqueue what waits")
        return None
    if attempt is None:
        return None
    try:
        status = pipeline.run_stage(attempt)
        if status == Document.Status.READY:
            _index_if_large(attempt.instance_id)
        return status
    except _TRANSIENT as error:
        logger.warning("%s of document %s: %s", stage.name, attempt.document_id, error)
        code = getattr(error, "code", SandboxUnavailable.code)
        _write(partial(transitions.postpone, attempt, code), attempt.document_id)
    except Exception as error:
        too_long = isinstance(error, SoftTimeLimitExceeded)
        code = ParseTimeout.code if too_long else ServiceError.code
        _write(partial(transitions.fail, attempt, code), attempt.document_id)
        raise
    return None


def _index_if_large(instance_id: int) -> None:
    """Enqueue a build of the approximate index if many chunks are in no shard.

    If the message is lost, the next document that is published sends another.
    """
    with tenant(instance_id):
        is_needed = needs_build(instance_id, read_active_index(instance_id))
    if is_needed:
        try:
            build_shards.apply_async([instance_id], retry=False)
        except BrokerUnavailable:
            logger.warning("broker unavailable: instance %s is indexed later", instance_id)


def _enqueue_again(stage: Stage, task: Task) -> None:
    """Enqueue the task again if a document waits in its stage."""
    try:
        if next_in_turn(stage):
            enqueue(task)
    except _DATABASE_UNAVAILABLE:
        logger.warning("database unavailable: the reconciler will enqueue what waits")


def _write(change: Callable[[], None], document_id: UUID) -> None:
    """Apply a change to a document; retries while the database restarts."""
    deadline = time.monotonic() + _DATABASE_PATIENCE_S
    with suppress(StaleAttempt):
        while True:
            try:
                change()
            except _DATABASE_UNAVAILABLE:
                if time.monotonic() > deadline:
                    raise
                logger.warning(
                    "database unavailable: retrying the write of document %s", document_id
                )
                connection.close()
                time.sleep(1)
            else:
                return
