"""Celery tasks of the chat."""

from celery import shared_task
from django.utils import timezone

from chat.answers.abandoned import close_abandoned, instances_with_abandoned
from chat.answers.saving import save_kept
from chat.conversations.retention import (
    delete_expired,
    erase_temporary,
    instances_with_retention,
    instances_with_temporary,
)
from instances.tenancy import tenant


@shared_task(name="chat.tasks.reconcile", ignore_result=True, expires=60)
def reconcile() -> None:
    """Save answers from files, close abandoned answers, erase temporary conversations."""
    save_kept()
    for instance_id in instances_with_abandoned():
        with tenant(instance_id):
            close_abandoned(instance_id)
    now = timezone.now()
    for instance_id in instances_with_temporary(now):
        erase_temporary(instance_id, now)


@shared_task(name="chat.tasks.delete_expired_conversations", ignore_result=True, expires=3600)
def delete_expired_conversations() -> None:
    """Delete conversations that were not used for as long as their instance keeps them."""
    now = timezone.now()
    for instance in instances_with_retention():
        delete_expired(instance, now)
