"""The steps of the life cycle that the administrators of an instance may take, by status.

Administrators of the organisation and operators may take any step, in the console; only they may
undo their own decisions (a suspension, a deletion).
"""

from enum import StrEnum

from instances.models import Instance, Membership, Role

_STATUS = Instance.Status


class Step(StrEnum):
    """A step of the life cycle, as pages name it."""

    TRANSFER = "transfer"
    ARCHIVE = "archive"
    REACTIVATE = "reactivate"
    DELETE = "delete"
    CANCEL = "cancel"


_FROM: dict[str, frozenset[Step]] = {
    _STATUS.ACTIVE: frozenset({Step.TRANSFER, Step.ARCHIVE, Step.DELETE}),
    _STATUS.ARCHIVED: frozenset({Step.TRANSFER, Step.REACTIVATE, Step.DELETE}),
    _STATUS.SUSPENDED: frozenset(),
    _STATUS.DELETING: frozenset({Step.CANCEL}),
}


def steps_for(membership: Membership) -> frozenset[Step]:
    """The steps that the member may take; run inside the tenant."""
    instance = membership.instance
    is_theirs = instance.owner_id in (None, membership.user_id)
    is_personal = instance.kind == Instance.Kind.PERSONAL
    if not membership.may_administer or not instance.organisation.is_enabled:
        return frozenset()
    if is_personal and not is_theirs:
        return frozenset()
    steps = _FROM[instance.status]
    if not is_theirs:
        steps -= {Step.TRANSFER}
    if instance.status == _STATUS.DELETING and not _was_requested_by_administrator(instance):
        steps -= {Step.CANCEL}
    return steps


def _was_requested_by_administrator(instance: Instance) -> bool:
    return (
        Membership.objects.for_instance(instance)
        .filter(user=instance.deletion_requested_by_id, role=Role.ADMIN)
        .exists()
    )
