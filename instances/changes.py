"""Changes of an instance's settings, kept with what was there before."""

from typing import Any

from django import forms
from django.db import transaction

from instances import audit
from instances.models import Instance

# Long texts are told of, not repeated: the log is for who changed what.
_SHOWN_CHARS = 200


def save_changes(form: forms.ModelForm) -> None:
    """Save what a valid form of an ``Instance`` changes, and nothing else, with an audit entry."""
    instance: Instance = form.instance
    # A form may have fields of its own, which are not the model's.
    names = [field.name for field in Instance._meta.fields if field.name in form.fields]
    with transaction.atomic():
        before = Instance.objects.select_for_update().values(*names).get(pk=instance.pk)
        changes: dict[str, Any] = {
            name: [_shown(before[name]), _shown(getattr(instance, name))]
            for name in names
            if before[name] != getattr(instance, name)
        }
        if changes:
            instance.save(update_fields=[*changes, "updated_at"])
            audit.record(audit.Action.INSTANCE_CHANGED, instance=instance, **changes)


def _shown(value: Any) -> Any:
    return value[:_SHOWN_CHARS] if isinstance(value, str) else value
