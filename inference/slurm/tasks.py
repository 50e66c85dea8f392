"""The Celery task of the jobs of Slurm."""

from celery import shared_task

from inference.slurm.reconciliation import reconcile_all


@shared_task(name="inference.slurm.tasks.reconcile_jobs", ignore_result=True, expires=10)
def reconcile_jobs() -> None:
    """Start, replace and stop the jobs that serve backends, as their queues need."""
    reconcile_all()
