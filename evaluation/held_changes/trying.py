"""Tries a change of settings on the golden questions: before and after, side by side.

Runs inside ``tenant(instance)``.
"""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from evaluation.held_changes.before_and_after import BeforeAndAfter
from evaluation.held_changes.policy import holds_back_changes
from evaluation.models import EvaluationRun, HeldChange
from evaluation.runs.starting import cancel_run, start_run
from evaluation.tried_settings import TriedSettings
from instances import audit
from instances.audit.log import Origin, acting_as
from instances.models import Instance
from people.models import User

# A change of these is tried with the answers of the model; the others only decide the passages.
_OF_THE_MODEL = frozenset({"model_id", "instructions"})


class ChangeNotOpen(Exception):
    """The change was made or discarded meanwhile."""


def open_change(instance: Instance) -> HeldChange | None:
    """Return the change that is being tried or held back, if any."""
    changes = HeldChange.objects.for_instance(instance).filter(status__in=HeldChange.OPEN)
    return changes.first()


def try_change(*, instance: Instance, settings: TriedSettings, user: User | None) -> HeldChange:
    """Begin to try other settings than the present ones, which remain; audited.

    Raises IntegrityError when another change is open, NoGoldenQuestion.
    """
    present = TriedSettings.of(instance)
    changes = changes_between(present, settings)
    group, is_by_model = uuid4(), bool(_OF_THE_MODEL & changes.keys())
    with transaction.atomic():
        before, after = (
            start_run(
                instance=instance,
                reason=EvaluationRun.Reason.CHANGE,
                settings=each,
                is_by_model=is_by_model,
                user=user,
                group=group,
            )
            for each in (present, settings)
        )
        held = HeldChange.objects.create(
            instance=instance,
            changes=changes,
            run_before=before,
            run_after=after,
            requested_by=user,
        )
        audit.record(audit.Action.CHANGE_TRIED, instance=instance, **changes)
    return held


def change_settings(
    *, instance: Instance, settings: TriedSettings, user: User
) -> HeldChange | None:
    """Change settings at once, or try the change first where changes are held back.

    Raises IntegrityError when another change is open.
    """
    if holds_back_changes(instance):
        return try_change(instance=instance, settings=settings, user=user)
    with transaction.atomic():
        _apply(instance, changes_between(TriedSettings.of(instance), settings))
    return None


def changes_between(present: TriedSettings, other: TriedSettings) -> dict[str, Any]:
    """Return what changes, by name: the values before and after."""
    before, after = present.as_json(), other.as_json()
    return {name: [before[name], after[name]] for name in before if before[name] != after[name]}


def decide_tried(instance: Instance) -> None:
    """Make the tried change if its score is not lower; else hold it back. Nothing if it runs."""
    change = (
        HeldChange.objects.for_instance(instance)
        .select_for_update(of=("self",))
        .select_related("run_before", "run_after", "requested_by")
        .filter(status=HeldChange.Status.TRYING)
        .first()
    )
    if change is None:
        return
    tried = BeforeAndAfter(change.run_before, change.run_after)
    if tried.is_unfinished:
        return
    if tried.is_not_lower:
        # As the person who asked for it.
        with acting_as(Origin(user=change.requested_by)):
            _apply(instance, change.changes)
        _close(change, HeldChange.Status.APPLIED, None)
    else:
        change.status = HeldChange.Status.HELD
        change.save(update_fields=["status"])


def accept(change: HeldChange, user: User) -> None:
    """Make a change that is tried or held back; raises ChangeNotOpen."""
    with transaction.atomic():
        locked = _lock_open(change)
        audit.record(audit.Action.CHANGE_ACCEPTED, instance=locked.instance, **locked.changes)
        _apply(locked.instance, locked.changes)
        _close(locked, HeldChange.Status.ACCEPTED, user)


def discard(change: HeldChange, user: User) -> None:
    """Leave the settings as they are; raises ChangeNotOpen."""
    with transaction.atomic():
        locked = _lock_open(change)
        audit.record(audit.Action.CHANGE_DISCARDED, instance=locked.instance, **locked.changes)
        _close(locked, HeldChange.Status.DISCARDED, user)


def _lock_open(change: HeldChange) -> HeldChange:
    locked = (
        HeldChange.objects.for_instance(change.instance_id)
        .select_for_update(of=("self",))
        .select_related("instance__organisation", "run_before", "run_after")
        .filter(pk=change.pk, status__in=HeldChange.OPEN)
        .first()
    )
    if locked is None:
        raise ChangeNotOpen(str(change.pk))
    return locked


def _apply(instance: Instance, wanted: Mapping[str, Any]) -> None:
    """Set what a change changes; other settings may have changed meanwhile, and remain."""
    instance = Instance.objects.select_for_update(of=("self",)).get(pk=instance.pk)
    changes: dict[str, Any] = {
        name: [getattr(instance, name), after] for name, (_before, after) in wanted.items()
    }
    for name, (_before, after) in changes.items():
        setattr(instance, name, after)
    instance.save(update_fields=[*changes, "updated_at"])
    audit.record(audit.Action.INSTANCE_CHANGED, instance=instance, **changes)


def _close(change: HeldChange, status: HeldChange.Status, user: User | None) -> None:
    change.status, change.decided_by, change.decided_at = status, user, timezone.now()
    change.save(update_fields=["status", "decided_by", "decided_at"])
    for run in (change.run_before, change.run_after):
        if run is not None:
            cancel_run(run)
