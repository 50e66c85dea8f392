"""Celery tasks of sources: the steps of runs, schedules, the reconciler, mail."""

from smtplib import SMTPException
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from instances.across_instances import call_function
from instances.models import Instance
from instances.tenancy import tenant
from sources.runs import notices
from sources.runs.claims import source_runs
from sources.runs.starting import WORK, start_due_runs
from sources.runs.working import work as continue_run
from web.enqueueing import enqueue_on_commit


@shared_task(name=WORK, ignore_result=True)
def work() -> None:
    """Continue the run whose turn it is, for some seconds."""
    try:
        continue_run()
    finally:
        _enqueue_if_waiting()


@shared_task(name="sources.tasks.reconcile", ignore_result=True, expires=60)
def reconcile() -> None:
    """Start the runs that are due, and continue what killed workers have left."""
    now = timezone.now()
    for (instance_id,) in call_function("instances_with_due_sources", now):
        with tenant(instance_id):
            instance = Instance.objects.select_related("organisation").get(pk=instance_id)
            start_due_runs(instance, now)
    _enqueue_if_waiting()


@shared_task(
    name=notices.SEND,
    autoretry_for=(SMTPException, OSError),
    retry_backoff=30,
    retry_jitter=True,
    max_retries=6,
)
def send_failure_notice(instance_id: int, source_id: str, user_id: int) -> None:
    """Send the mail about a source that keeps failing to one person."""
    notices.send_failure_notice(instance_id, UUID(source_id), user_id)


def _enqueue_if_waiting() -> None:
    if source_runs.is_work_waiting():
        enqueue_on_commit(WORK)
