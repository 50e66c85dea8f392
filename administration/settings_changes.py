"""Save settings of an instance or an organisation, with an audit entry of old and new values."""

from typing import Any

from django import forms
from django.db import transaction

from instances import audit
from instances.models import Instance, Organisation

# Long texts are cut in the audit log.
_SHOWN_CHARS = 200


def save_changes(form: forms.ModelForm) -> None:
    """Save and audit the changed fields of a valid form of ``Instance`` or ``Organisation``."""
    changed: Instance | Organisation = form.instance
    # A form may also have fields that are not the model's.
    names = [field.name for field in changed._meta.fields if field.name in form.fields]
    with transaction.atomic():
        kept = type(changed)._default_manager.select_for_update()
        before = kept.values(*names).get(pk=changed.pk)
        changes: dict[str, Any] = {
            name: [_shown(before[name]), _shown(getattr(changed, name))]
            for name in names
            if before[name] != getattr(changed, name)
        }
        if changes:
            _save(changed, changes)


def _save(changed: Instance | Organisation, changes: dict[str, Any]) -> None:
    if isinstance(changed, Instance):
        changed.save(update_fields=[*changes, "updated_at"])
        audit.record(audit.Action.INSTANCE_CHANGED, instance=changed, **changes)
    else:
        changed.save(update_fields=list(changes))
        audit.record(audit.Action.ORGANISATION_CHANGED, organisation=changed, **changes)


def _shown(value: Any) -> Any:
    return value[:_SHOWN_CHARS] if isinstance(value, str) else value
