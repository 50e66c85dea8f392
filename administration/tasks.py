"""Celery tasks: delete due instances, archive disused ones."""

import logging

from celery import shared_task
from django.utils import timezone

from administration.lifecycle import disuse
from administration.lifecycle.deletion import delete_instance, due_for_deletion
from instances.errors import InstanceNotEmpty, WrongStatus

logger = logging.getLogger(__name__)


@shared_task(name="administration.tasks.delete_due_instances", expires=600)
def delete_due_instances() -> None:
    """Delete the instances whose grace period is over, and complete interrupted deletions."""
    for instance in due_for_deletion(timezone.now()):
        try:
            delete_instance(instance)
        except WrongStatus as error:
            logger.info("deletion skipped: %s", error)
        except (InstanceNotEmpty, OSError) as error:
            logger.warning("deletion of %s is not complete: %s", instance.slug, error)


@shared_task(name="administration.tasks.archive_disused_instances", expires=3600)
def archive_disused_instances() -> None:
    """Notify the owners of disused instances, and archive those notified a month ago."""
    now = timezone.now()
    for pk in list(disuse.due_for_archive(now).values_list("pk", flat=True)):
        disuse.archive_disused(pk, now)
    for pk in list(disuse.due_for_notice(now).values_list("pk", flat=True)):
        disuse.give_notice(pk, now)
