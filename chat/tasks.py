"""Celery tasks of the chat."""

from celery import shared_task

from chat.answers.abandoned import close_abandoned, instances_with_abandoned
from chat.answers.saving import save_kept
from instances.tenancy import tenant


@shared_task(name="chat.tasks.reconcile", ignore_result=True, expires=60)
def reconcile() -> None:
    """Save answers from files, and close abandoned answers."""
    save_kept()
    for instance_id in instances_with_abandoned():
        with tenant(instance_id):
            close_abandoned(instance_id)
