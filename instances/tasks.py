"""Celery tasks: end memberships, delete old identities, seal the audit log, send notices."""

import logging
from smtplib import SMTPException

from celery import shared_task
from django.utils import timezone

from instances import notifications
from instances.audit import checkpoints, seals
from instances.rules import expiry

logger = logging.getLogger(__name__)


@shared_task(name="instances.tasks.end_memberships", expires=300)
def end_memberships() -> None:
    """End memberships past their end; access was refused since then."""
    for instance in expiry.instances_with_ended_memberships():
        expiry.end_memberships(instance)


@shared_task(name="instances.tasks.forget_old_identities", expires=3600)
def forget_old_identities() -> None:
    """Delete identities older than IDENTITY_DAYS."""
    if forgotten := expiry.forget_old_identities(timezone.now()):
        logger.info("%s old identities deleted", forgotten)


@shared_task(name="instances.tasks.seal_audit_log", expires=60)
def seal_audit_log() -> None:
    """Seal new audit entries, and store the checkpoint outside the database."""
    try:
        seals.seal_entries()
        checkpoints.update_checkpoint()
    except (seals.UnverifiableSeal, checkpoints.CheckpointContradicted) as error:
        logger.error("the audit log was changed, see ./manage audit verify: %s", error)
    except (OSError, ValueError) as error:
        logger.error("the audit checkpoint could not be stored: %s", error)


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
