"""Sends Celery tasks by name, so that the sender does not import the task."""

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerUnavailable

logger = logging.getLogger(__name__)


def enqueue_on_commit(task: str, *arguments: object) -> None:
    """Send the task named ``task`` when the current transaction commits.

    It is not sent when the broker cannot be reached: periodic tasks repeat all that must be done.
    """
    transaction.on_commit(partial(_send, task, arguments))


def _send(task: str, arguments: tuple[object, ...]) -> None:
    try:
        current_app.send_task(task, arguments, retry=False)
    except BrokerUnavailable:
        logger.warning("the broker cannot be reached; %s%s was not sent", task, arguments)
