"""Celery tasks of evaluation: the questions of runs, and the reconciler."""

from celery import shared_task

from evaluation.runs.claims import is_work_waiting
from evaluation.runs.starting import WORK
from evaluation.runs.working import work as ask_questions
from web.enqueueing import enqueue_on_commit


@shared_task(name=WORK, ignore_result=True)
def work() -> None:
    """Ask questions of the next run, for some seconds."""
    try:
        ask_questions()
    finally:
        _enqueue_if_waiting()


@shared_task(name="evaluation.tasks.reconcile", ignore_result=True, expires=60)
def reconcile() -> None:
    """Call a worker where one was killed, or where the broker has lost its message."""
    _enqueue_if_waiting()


def _enqueue_if_waiting() -> None:
    if is_work_waiting():
        enqueue_on_commit(WORK)
