"""The status of an instance: active, archived, suspended, deleting.

    active ⇄ archived        read-only
    active, archived ⇄ suspended        closed, by the organisation
    any → deleting → deleted after the grace period, see ``deletion``
              └────→ the former status, when cancelled

Each function locks the instance, checks that its status allows the step, and records an audit
entry. The views check who may take which step.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from instances import audit, notifications
from instances.errors import NotAMember, WrongStatus
from instances.models import Instance, Membership
from instances.tenancy import tenant
from people.models import User
from web.enqueueing import enqueue_on_commit

_STATUS = Instance.Status


def transfer(instance: Instance, *, to: User) -> None:
    """Make a member the owner, and an administrator if need be.

    A personal instance then becomes a group instance. Raises NotAMember.
    """
    with transaction.atomic():
        locked = _lock(instance)
        former = locked.owner
        with tenant(locked):
            memberships = Membership.objects.for_instance(locked).current().filter(user=to)
            # Otherwise the membership of an owner admitted by a rule would end with the rule.
            if not memberships.update(role=Membership.Role.ADMIN, rule=None, expires_at=None):
                raise NotAMember(str(to))
        locked.owner, locked.kind = to, Instance.Kind.GROUP
        locked.save(update_fields=["owner", "kind", "updated_at"])
        audit.record(
            audit.Action.INSTANCE_TRANSFERRED,
            instance=locked,
            target=to,
            former_owner=audit.name_of(former) if former else "",
        )
    instance.owner, instance.kind = locked.owner, locked.kind


def suspend(instance: Instance, *, reason: str) -> None:
    """Close the instance; its members see the reason. Raises WrongStatus."""
    _move(
        instance,
        _STATUS.SUSPENDED,
        allowed_from=(_STATUS.ACTIVE, _STATUS.ARCHIVED),
        action=audit.Action.INSTANCE_SUSPENDED,
        reason=reason,
    )


def archive(instance: Instance, *, reason: str = "") -> None:
    """Make the instance read-only. Raises WrongStatus."""
    _move(
        instance,
        _STATUS.ARCHIVED,
        allowed_from=(_STATUS.ACTIVE,),
        action=audit.Action.INSTANCE_ARCHIVED,
        reason=reason,
    )


def reactivate(instance: Instance) -> None:
    """Reopen an archived or suspended instance; disuse counts from now. Raises WrongStatus."""
    _move(
        instance,
        _STATUS.ACTIVE,
        allowed_from=(_STATUS.ARCHIVED, _STATUS.SUSPENDED),
        action=audit.Action.INSTANCE_REACTIVATED,
        last_used_at=timezone.now(),
        disuse_noticed_at=None,
    )


def request_deletion(instance: Instance, *, by: User) -> None:
    """Close the instance now, to be deleted after the grace period. Raises WrongStatus."""
    due_at = timezone.now() + timedelta(days=settings.DELETION_GRACE_DAYS)
    with transaction.atomic():
        _move(
            instance,
            _STATUS.DELETING,
            allowed_from=(_STATUS.ACTIVE, _STATUS.ARCHIVED, _STATUS.SUSPENDED),
            action=audit.Action.DELETION_ASKED,
            status_before_deletion=_lock(instance).status,
            deletion_due_at=due_at,
            deletion_requested_by=by,
            keeps_reason=True,
        )
        if settings.DELETION_GRACE_DAYS:
            notifications.deletion_requested(instance)
        else:
            enqueue_on_commit("administration.tasks.delete_due_instances")


def cancel_deletion(instance: Instance) -> None:
    """Restore the former status, unless the deletion has begun. Raises WrongStatus."""
    with transaction.atomic():
        locked = _lock(instance)
        if locked.deletion_counts is not None:
            raise WrongStatus("its deletion has begun")
        _move(
            instance,
            locked.status_before_deletion or _STATUS.ACTIVE,
            allowed_from=(_STATUS.DELETING,),
            action=audit.Action.DELETION_CANCELLED,
            status_before_deletion="",
            deletion_due_at=None,
            deletion_requested_by=None,
            keeps_reason=True,
        )


def _move(
    instance: Instance,
    status: str,
    *,
    allowed_from: Collection[str],
    action: audit.Action,
    reason: str = "",
    keeps_reason: bool = False,
    **changes: Any,
) -> None:
    """Change the status and its related fields, in the database and in ``instance``."""
    with transaction.atomic():
        locked = _lock(instance)
        if locked.status not in allowed_from:
            raise WrongStatus(f"{locked.slug} is {locked.status}")
        changes |= {"status": status, "status_changed_at": timezone.now()}
        if not keeps_reason:
            changes["status_reason"] = reason
        Instance.objects.filter(pk=locked.pk).update(**changes)
        detail: dict[str, Any] = {"reason": reason} if reason else {}
        if due_at := changes.get("deletion_due_at"):
            detail["due_at"] = due_at
        audit.record(action, instance=locked, **detail)
    for name, value in changes.items():
        setattr(instance, name, value)


def _lock(instance: Instance) -> Instance:
    locked: Instance = (
        Instance.objects.select_for_update(of=("self",))
        .select_related("organisation", "owner")
        .get(pk=instance.pk)
    )
    return locked
