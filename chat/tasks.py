"""Celery adapters of the chat."""

from celery import shared_task

from chat.reading import close_abandoned
from instances.models import Instance
from instances.tenancy import tenant


@shared_task(name="chat.tasks.reconcile", ignore_result=True, expires=60)
def reconcile() -> None:
    """Close the answers that a dead process left unfinished."""
    for instance in Instance.objects.only("pk"):
        with tenant(instance):
            close_abandoned(instance)
