"""Celery adapters: what is due is deleted or ended, what nobody uses is archived, mail is sent.

The audit log is sealed.
"""

import logging
from smtplib import SMTPException

from celery import shared_task
from django.utils import timezone

from instances import audit_checkpoints, audit_seals, disuse, expiry, notifications
from instances.deletion import delete_instance, due_for_deletion
from instances.errors import InstanceNotEmpty, WrongStatus

logger = logging.getLogger(__name__)


@shared_task(name="instances.tasks.delete_due_instances", expires=600)
def delete_due_instances() -> None:
    """Delete the instances whose days of grace are over, and end what was interrupted."""
    for instance in due_for_deletion(timezone.now()):
        try:
            delete_instance(instance)
        except WrongStatus as error:
            logger.info("not deleted after all: %s", error)
        except (InstanceNotEmpty, OSError) as error:
            logger.warning("%s is not deleted yet: %s", instance.slug, error)


@shared_task(name="instances.tasks.archive_disused_instances", expires=3600)
def archive_disused_instances() -> None:
    """Tell the owners of disused instances, and archive those that stayed so."""
    now = timezone.now()
    for pk in list(disuse.due_for_archive(now).values_list("pk", flat=True)):
        disuse.archive_disused(pk, now)
    for pk in list(disuse.due_for_notice(now).values_list("pk", flat=True)):
        disuse.give_notice(pk, now)


@shared_task(name="instances.tasks.end_memberships", expires=300)
def end_memberships() -> None:
    """Take out whose time is up; the gates have kept them out since then."""
    for instance in expiry.instances_with_ended_memberships():
        expiry.end_memberships(instance)


@shared_task(name="instances.tasks.forget_old_identities", expires=3600)
def forget_old_identities() -> None:
    """Forget what institutions said too long ago."""
    if forgotten := expiry.forget_old_identities(timezone.now()):
        logger.info("%s identities were too old", forgotten)


@shared_task(name="instances.tasks.seal_audit_log", expires=60)
def seal_audit_log() -> None:
    """Seal new entries of the audit log, and keep the end of the chain outside the database."""
    try:
        audit_seals.seal_entries()
        audit_checkpoints.advance_checkpoint()
    except (audit_seals.UnverifiableSeal, audit_checkpoints.CheckpointContradicted) as error:
        logger.error("the audit log was changed, see ./manage audit verify: %s", error)
    except (OSError, ValueError) as error:
        logger.error("the end of the audit log is not kept outside the database: %s", error)


@shared_task(
    name="instances.tasks.send_notice",
    autoretry_for=(SMTPException, OSError),
    retry_backoff=30,
    retry_jitter=True,
    max_retries=6,
)
def send_notice(kind: str, object_id: int, user_id: int) -> None:
    """Send one mail to one person."""
    notifications.send(kind, object_id, user_id)
