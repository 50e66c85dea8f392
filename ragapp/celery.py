"""Celery: two queues so that parsing one document overlaps the embedding of another."""

import gc
import logging
import os
import threading
import time
from typing import Any

from celery import Celery
from celery.signals import (
    before_task_publish,
    setup_logging,
    worker_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutdown,
)

from web.log_lines import configure

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")


def configure_from_settings(**_arguments: Any) -> None:
    """Log as ``settings.LOGGING`` says: Celery adds no handlers of its own (``setup_logging``)."""
    from ragapp.settings import LOGGING

    configure(LOGGING)


app = Celery("ragapp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["inference.failing", "inference.slurm", "ingestion.resumable"])
setup_logging.connect(configure_from_settings)
# A header of each task: when it was sent, in seconds since 1970.
SENT_AT = "sent_at"


@before_task_publish.connect
def add_time(headers: dict[str, Any], **_: Any) -> None:
    """Say in each task when it was sent, so that the age of a queue can be told."""
    headers.setdefault(SENT_AT, time.time())


@worker_init.connect
def share_memory_with_forks(**_: Any) -> None:
    """Exclude what is loaded from garbage collection, which would copy its pages in each fork."""
    gc.collect()
    gc.freeze()


@worker_process_shutdown.connect
@worker_shutdown.connect
def send_last_traces(**_: Any) -> None:
    """Send what the exporter of traces still holds, in the worker and in its forks."""
    from usage.traces import exporter

    exporter.shut_down()


@worker_ready.connect
def report_missing_protections(sender: Any, **_: Any) -> None:
    """Log which protections of the sandbox this kernel lacks, in workers that parse.

    In a thread, since a worker takes tasks and answers only after all that this signal calls.
    """
    if "parse" in sender.app.amqp.queues.consume_from:
        threading.Thread(target=_log_missing_protections, name="sandbox-probe").start()


def _log_missing_protections() -> None:
    from ingestion.sandbox import missing_protections_message

    if line := missing_protections_message():
        logging.getLogger(__name__).warning(line)
