"""Fill tables by ``INSERT … SELECT``, which PostgreSQL runs itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connections, models

from administration.lifecycle.contents import tenant_models
from instances.models import AuditEntry


@dataclass(frozen=True)
class Size:
    """Numbers of rows; the busy user is a member of ``busy_instances``."""

    organisations: int = 60
    group_instances: int = 300
    instances: int = 2_000
    users: int = 100_000
    identity_providers: int = 10_000
    big_members: int = 50_000
    busy_instances: int = 400
    members_of_a_group: int = 830
    documents: int = 40_000
    conversations: int = 60_000
    audit_entries: int = 200_000

    @property
    def busy_user(self) -> int:
        """The last user, who administers many instances."""
        return self.users


@contextmanager
def row_security_off() -> Iterator[None]:
    """Let the owner write into all tenants at once."""
    tables = [model._meta.db_table for model in (*tenant_models(), AuditEntry)]
    with connections["owner"].cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        yield
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


class TableWriter:
    """Writes generated rows through the cursor of the owner's connection."""

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor

    def insert(self, model: type[models.Model], rows: str, /, **expressions: str) -> None:
        """One row for each of ``rows``; columns not named get their model's defaults."""
        columns, values, parameters = [], [], []
        for field in model._meta.concrete_fields:
            if field.name in expressions:
                values.append(expressions[field.name].replace("%", "%%"))
            elif getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
                values.append("now()")
            elif isinstance(field, models.AutoField):
                continue
            else:
                values.append("%s")
                default = field.get_default()
                parameters.append(field.get_db_prep_save(default, connections["owner"]))
            columns.append(field.column)
        self.cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({', '.join(columns)})"
            f" SELECT {', '.join(values)} FROM {rows.replace('%', '%%')} ON CONFLICT DO NOTHING",
            parameters,
        )
        if isinstance(model._meta.pk, models.AutoField):
            table = model._meta.db_table
            self.cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )
