"""Celery tasks of usage."""

from celery import shared_task

from usage.energy import measured


@shared_task(name="usage.tasks.poll_counters", ignore_result=True, expires=measured.POLL_S)
def poll_counters() -> None:
    """Read the energy and token counters of inference servers, where their addresses are set."""
    if measured.is_polled():
        measured.poll()
