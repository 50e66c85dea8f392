"""Changes of the audit log by the owner of the tables."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, transaction

from instances.audit.seals import (
    Checkpoint,
)
from instances.audit.verification import verify

TABLES = ("instances_auditentry", "instances_auditseal")


OF_THE_SECOND = " WHERE id = (SELECT entry_id FROM instances_auditseal WHERE number = 2)"


@contextmanager
def as_owner_without_triggers() -> Iterator[None]:
    """Disable the triggers as the owner of the tables can, and enable them afterwards."""
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE instances_auditentry NO FORCE ROW LEVEL SECURITY")
        yield
        cursor.execute("ALTER TABLE instances_auditentry FORCE ROW LEVEL SECURITY")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def tamper(*statements: str) -> None:
    with as_owner_without_triggers(), connections["owner"].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def problems(checkpoint: Checkpoint | None = None) -> tuple[str, ...]:
    return verify(checkpoint).problems


def changed(assignment: str) -> list[str]:
    return ["UPDATE instances_auditentry SET " + assignment + OF_THE_SECOND]  # noqa: S608 (constants)
