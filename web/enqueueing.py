"""Tasks are asked for here by name, so that what asks need not import what they do."""

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerUnavailable

logger = logging.getLogger(__name__)


def enqueue_on_commit(task: str, *arguments: object) -> None:
    """Send a task, by its name, once the transaction under way is certain.

    With the broker away it is not sent: beat comes back to all that must not be lost.
    """
    transaction.on_commit(partial(_send, task, arguments))


def _send(task: str, arguments: tuple[object, ...]) -> None:
    try:
        current_app.send_task(task, arguments, retry=False)
    except BrokerUnavailable:
        logger.warning("the broker is away; %s%s was not sent", task, arguments)
