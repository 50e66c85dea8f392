"""Celery tasks of usage: sums of its records, subjects, counters of servers, quotas."""

import logging

from celery import shared_task
from django.utils import timezone

from inference.errors import InferenceError
from instances.across_instances import call_function
from instances.tenancy import tenant
from usage.energy import measured
from usage.quotas.charging import settle_expired
from usage.rollups.monthly import roll_up_pending_months
from usage.rollups.refresh import instances_with_pending_usage, roll_up_instance
from usage.subjects.preparation import models_in_use, prepare_classifier

logger = logging.getLogger(__name__)


@shared_task(name="usage.tasks.poll_counters", ignore_result=True, expires=measured.POLL_S)
def poll_counters() -> None:
    """Read the energy and token counters of inference servers, where their addresses are set."""
    measured.poll()


@shared_task(name="usage.tasks.prepare_subjects", expires=300)
def prepare_subjects() -> None:
    """Train the classifiers of the embedding models in use, unless they exist."""
    for model in models_in_use():
        try:
            prepare_classifier(model)
        except InferenceError as error:
            logger.warning("subjects cannot be classified yet: %s", error)


@shared_task(name="usage.tasks.roll_up_days", expires=60)
def roll_up_days() -> None:
    """Sum the days with new records again, instance by instance."""
    for instance_id in instances_with_pending_usage():
        roll_up_instance(instance_id)


@shared_task(name="usage.tasks.roll_up_months", expires=300)
def roll_up_months() -> None:
    """Sum the months of organisations and of the site again, where days have changed."""
    roll_up_pending_months()


@shared_task(name="usage.tasks.expire_quota_charges", ignore_result=True, expires=60)
def expire_quota_charges() -> None:
    """Settle what killed processes have reserved of quotas, instance by instance."""
    now = timezone.now()
    for (instance_id,) in call_function("instances_with_expired_charges", now):
        with tenant(instance_id):
            settle_expired(instance_id, now)
