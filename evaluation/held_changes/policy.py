"""The policy of an instance, and its runs on schedule. Runs inside ``tenant(instance)``."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from evaluation.models import EvaluationPolicy, EvaluationRun, GoldenQuestion
from evaluation.runs.starting import NoGoldenQuestion, start_run
from evaluation.tried_settings import TriedSettings
from instances import audit
from instances.audit.changes import changes_of
from instances.models import Instance

_STEPS: Final = {
    EvaluationPolicy.Schedule.DAILY: timedelta(days=1),
    EvaluationPolicy.Schedule.WEEKLY: timedelta(days=7),
}


def policy_of(instance: Instance) -> EvaluationPolicy:
    """Return the policy of an instance; a new one, not saved, without any."""
    found = EvaluationPolicy.objects.for_instance(instance).first()
    return found or EvaluationPolicy(instance=instance)


def save_policy(policy: EvaluationPolicy, *, tries_versions: bool) -> None:
    """Save a policy and audit what has changed; its first run on schedule is at once."""
    names = ["schedule", "is_by_model", "holds_back"]
    changes: dict[str, Any] = (
        changes_of(policy, names)
        if policy.pk
        else {name: [None, getattr(policy, name)] for name in names}
    )
    instance = policy.instance
    if instance.tries_versions != tries_versions:
        changes["tries_versions"] = [instance.tries_versions, tries_versions]
        instance.tries_versions = tries_versions
        instance.save(update_fields=["tries_versions", "updated_at"])
    if not changes:
        return
    if "schedule" in changes:
        is_never = policy.schedule == EvaluationPolicy.Schedule.NEVER
        policy.next_run_at = None if is_never else timezone.now()
    policy.save()
    audit.record(audit.Action.EVALUATION_CHANGED, instance=instance, **changes)


def holds_back_changes(instance: Instance) -> bool:
    """Whether changes of settings are first tried on golden questions."""
    policies = EvaluationPolicy.objects.for_instance(instance).filter(holds_back=True)
    return policies.exists() and GoldenQuestion.objects.for_instance(instance).exists()


def start_if_due(instance: Instance, now: datetime) -> EvaluationRun | None:
    """Start the run that is due, and schedule the next; None if another process has."""
    policy = (
        EvaluationPolicy.objects.for_instance(instance)
        .select_for_update(skip_locked=True)
        .filter(next_run_at__lte=now)
        .first()
    )
    if policy is None:
        return None
    step = _STEPS.get(EvaluationPolicy.Schedule(policy.schedule))
    policy.next_run_at = None if step is None else now + step
    policy.save(update_fields=["next_run_at"])
    if instance.status != Instance.Status.ACTIVE:
        return None
    try:
        return start_run(
            instance=instance,
            reason=EvaluationRun.Reason.SCHEDULED,
            settings=TriedSettings.of(instance),
            is_by_model=policy.is_by_model,
            user=None,
        )
    except NoGoldenQuestion:
        return None
