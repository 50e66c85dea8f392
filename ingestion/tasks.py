"""Celery adapters of the pipeline, and the reconciler that makes up for whatever a broker loses.

A document's state lives in PostgreSQL; a message in the broker only says "look at this one now".
"""

import logging
from contextlib import suppress
from typing import Any
from uuid import UUID

from celery import Task, current_app, shared_task
from celery.exceptions import SoftTimeLimitExceeded, TimeLimitExceeded
from django.db import InterfaceError, OperationalError
from kombu.exceptions import OperationalError as BrokerUnavailable

from inference.errors import InferenceError
from ingestion import pipeline, reconciliation
from ingestion.attempts import Attempt, StaleAttempt
from ingestion.errors import ParseTimeout, SandboxUnavailable, ServiceError
from ingestion.orphans import delete_orphans

logger = logging.getLogger(__name__)

_TRANSIENT = (OperationalError, InterfaceError, InferenceError, SandboxUnavailable)
_TOO_LONG = (SoftTimeLimitExceeded, TimeLimitExceeded)
# A blip is tried again at once; what lasts longer is left to the reconciler, for as long as it is.
_RETRY: dict[str, Any] = {
    "autoretry_for": _TRANSIENT,
    "retry_backoff": 1,
    "retry_jitter": True,
    "max_retries": 3,
}


def enqueue(task: Task, arguments: tuple[int, str, int]) -> None:
    """Send a task; with the broker away, leave the document to the reconciler."""
    try:
        task.apply_async(arguments, retry=False)
    except BrokerUnavailable:
        logger.warning("the broker is away; document %s waits for it", arguments[1])


class DocumentTask(Task):
    """A task about one document, which waits again when it will be retried, or fails saying why."""

    def on_retry(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        with suppress(StaleAttempt, OperationalError):
            _attempt(args).release()

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        if isinstance(exc, _TRANSIENT):
            self.on_retry(exc, task_id, args, kwargs, einfo)
        else:
            code = ParseTimeout.code if isinstance(exc, _TOO_LONG) else ServiceError.code
            with suppress(StaleAttempt):
                _attempt(args).fail(code)


def _attempt(arguments: tuple[int, str, int]) -> Attempt:
    instance_id, document_id, number = arguments
    return Attempt(instance_id, UUID(document_id), number)


@shared_task(
    base=DocumentTask, name="ingestion.tasks.parse", soft_time_limit=1200, time_limit=1260, **_RETRY
)
def parse(instance_id: int, document_id: str, attempt: int) -> None:
    """Parse one document, then queue its embedding."""
    if pipeline.parse_document(
        instance_id=instance_id, document_id=UUID(document_id), attempt=attempt
    ):
        enqueue(embed, (instance_id, document_id, attempt))


@shared_task(base=DocumentTask, name="ingestion.tasks.embed", **_RETRY)
def embed(instance_id: int, document_id: str, attempt: int) -> None:
    """Embed some of one document's passages; queue what is left, else publish it.

    Its time is limited by the number of passages and by the client's own time-outs.
    """
    if pipeline.embed_document(
        instance_id=instance_id, document_id=UUID(document_id), attempt=attempt
    ):
        enqueue(embed, (instance_id, document_id, attempt))


@shared_task(name="ingestion.tasks.reconcile", ignore_result=True, expires=60)
def reconcile() -> None:
    """Enqueue again what a dead worker, a lost broker or a crash left behind."""
    for lost in reconciliation.take_up_lost_documents(waiting_messages):
        enqueue(parse if lost.queue == "parse" else embed, lost.arguments)


@shared_task(name="ingestion.tasks.delete_orphaned_files", ignore_result=True, expires=3600)
def delete_orphaned_files() -> None:
    """Delete stored files whose document was never, or is no longer, there."""
    delete_orphans()


def waiting_messages(queue: str) -> int:
    """Number of messages that wait in a queue of the broker."""
    with current_app.connection_for_read() as connection:
        # Declared, as a broker that has lost everything knows no queue until somebody names it.
        declared = current_app.amqp.queues[queue](connection.default_channel).queue_declare()
        return int(declared.message_count)
