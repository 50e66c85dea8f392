"""Changes of quotas; each is audited."""

from django.db import transaction

from instances import audit
from instances.audit.changes import changes_of
from usage.models import Quota

_SETTINGS = ["per", "measure", "amount", "period", "model", "warning_percent", "is_hard"]


def save_quota(quota: Quota) -> None:
    """Create a quota, or save its changes; what is used of it remains counted."""
    with transaction.atomic():
        if quota.pk is None:
            quota.save()
            _record(audit.Action.QUOTA_ADDED, quota)
            return
        changes = {
            name: [str(before), str(after)]
            for name, (before, after) in changes_of(quota, _SETTINGS).items()
        }
        if changes:
            quota.save()
            _record(audit.Action.QUOTA_CHANGED, quota, **changes)


def delete_quota(quota: Quota) -> None:
    """Delete a quota with its counters."""
    with transaction.atomic():
        _record(audit.Action.QUOTA_REMOVED, quota)
        quota.delete()


def _record(action: audit.Action, quota: Quota, **detail: list[str]) -> None:
    audit.record(
        action,
        instance=quota.instance,
        organisation=quota.organisation,
        target=quota,
        **detail,
    )
