"""A periodic task by which ``./manage doctor`` knows that beat and a worker run."""

import time

from celery import shared_task
from django.core.cache import cache

BEAT_HEARD = "beat-heard"


@shared_task(name="ragapp.tasks.record_beat", expires=60)
def record_beat() -> None:
    """Store the time in the shared cache."""
    cache.set(BEAT_HEARD, time.time(), timeout=7 * 86_400)
