"""Celery tasks of usage."""

import logging

from celery import shared_task

from inference.errors import InferenceError
from usage.energy import measured
from usage.subjects.preparation import prepare_classifier

logger = logging.getLogger(__name__)


@shared_task(name="usage.tasks.poll_counters", ignore_result=True, expires=measured.POLL_S)
def poll_counters() -> None:
    """Read the energy and token counters of inference servers, where their addresses are set."""
    if measured.is_polled():
        measured.poll()


@shared_task(name="usage.tasks.prepare_subjects", expires=300)
def prepare_subjects() -> None:
    """Train the classifier of the embedding model in use, unless it exists."""
    try:
        prepare_classifier()
    except InferenceError as error:
        logger.warning("subjects cannot be classified yet: %s", error)
