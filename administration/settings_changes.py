"""Save settings of an instance or an organisation, with an audit entry of old and new values."""

from typing import Any

from django import forms
from django.db import transaction

from instances import audit
from instances.audit.changes import changes_of
from instances.models import Instance, Organisation


def save_changes(form: forms.ModelForm) -> None:
    """Save and audit the changed fields of a valid form of ``Instance`` or ``Organisation``."""
    changed: Instance | Organisation = form.instance
    # A form may also have fields that are not the model's.
    names = [field.name for field in changed._meta.fields if field.name in form.fields]
    with transaction.atomic():
        changes = changes_of(changed, names)
        if changes:
            _save(changed, changes)


def _save(changed: Instance | Organisation, changes: dict[str, Any]) -> None:
    if isinstance(changed, Instance):
        changed.save(update_fields=[*changes, "updated_at"])
        audit.record(audit.Action.INSTANCE_CHANGED, instance=changed, **changes)
    else:
        changed.save(update_fields=list(changes))
        audit.record(audit.Action.ORGANISATION_CHANGED, organisation=changed, **changes)
