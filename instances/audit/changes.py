"""The changed fields of a row, as the audit log shows them."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model

# Long texts are cut in the audit log.
_SHOWN_CHARS = 200


def changes_of(row: Model, names: Iterable[str]) -> dict[str, list[Any]]:
    """Lock the stored row and return ``{field: [stored value, new value]}`` of what differs.

    Foreign keys are compared by primary key. Runs in a transaction.
    """
    wanted = set(names)
    fields = [field for field in row._meta.concrete_fields if field.name in wanted]
    stored = type(row)._default_manager.select_for_update()
    before = stored.values(*(field.attname for field in fields)).get(pk=row.pk)
    after = {field.name: getattr(row, field.attname) for field in fields}
    return {
        field.name: [_shown(before[field.attname]), _shown(after[field.name])]
        for field in fields
        if before[field.attname] != after[field.name]
    }


def _shown(value: Any) -> Any:
    return value[:_SHOWN_CHARS] if isinstance(value, str) else value
