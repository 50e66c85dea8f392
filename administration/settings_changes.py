"""Save settings of an instance or an organisation, with an audit entry of old and new values.

What decides the answers of an instance may first be tried on its golden questions.
"""

from typing import Any

from django import forms
from django.db import transaction

from evaluation.held_changes.policy import holds_back_changes
from evaluation.held_changes.trying import try_change
from evaluation.models import HeldChange
from evaluation.tried_settings import TriedSettings
from instances import audit
from instances.audit.changes import changes_of
from instances.models import Instance, Organisation
from people.models import User


def save_changes(form: forms.ModelForm) -> None:
    """Save and audit the changed fields of a valid form of ``Instance`` or ``Organisation``."""
    changed: Instance | Organisation = form.instance
    # A form may also have fields that are not the model's.
    names = [field.name for field in changed._meta.fields if field.name in form.fields]
    with transaction.atomic():
        changes = changes_of(changed, names)
        if changes:
            _save(changed, changes)


def save_or_hold_back(form: forms.ModelForm, user: User) -> HeldChange | None:
    """Save the changes of an instance; those that decide its answers may first be tried.

    Where the instance holds back changes that lower the score of its golden questions, they are not
    saved but returned as a ``HeldChange``. Raises IntegrityError when another one is open. Runs
    inside ``tenant(instance)``.
    """
    instance: Instance = form.instance
    wanted = TriedSettings.of(instance)
    stored = Instance.objects.get(pk=instance.pk)
    if wanted == TriedSettings.of(stored) or not holds_back_changes(instance):
        save_changes(form)
        return None
    for name in wanted.as_json():
        setattr(instance, name, getattr(stored, name))
    with transaction.atomic():
        save_changes(form)
        return try_change(instance=instance, settings=wanted, user=user)


def _save(changed: Instance | Organisation, changes: dict[str, Any]) -> None:
    if isinstance(changed, Instance):
        changed.save(update_fields=[*changes, "updated_at"])
        audit.record(audit.Action.INSTANCE_CHANGED, instance=changed, **changes)
    else:
        changed.save(update_fields=list(changes))
        audit.record(audit.Action.ORGANISATION_CHANGED, organisation=changed, **changes)
