"""Migration operations that put tables under forced row security (docs/architecture.md)."""

from django.db import migrations

TENANT = "instance_id = nullif(current_setting('ragapp.instance', true), '')::bigint"
_ADMINISTERED = (
    "instance_id IN (SELECT id FROM instances_instance WHERE organisation_id"
    " = nullif(current_setting('ragapp.organisation', true), '')::bigint)"
)


class EnableRowSecurity(migrations.RunSQL):
    """Enable and force row security on ``table``.

    ``also_visible`` is an SQL condition under which rows outside the tenant may be read (never
    written): one's own memberships, or the API key whose digest one holds.
    """

    def __init__(self, table: str, also_visible: str = "") -> None:
        self.table = table
        self.also_visible = also_visible
        forward = [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY tenant ON {table} USING ({TENANT}) WITH CHECK ({TENANT})",
        ]
        backward = [
            f"DROP POLICY tenant ON {table}",
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        ]
        if also_visible:
            forward.append(f"CREATE POLICY visible ON {table} FOR SELECT USING ({also_visible})")
            backward.insert(0, f"DROP POLICY visible ON {table}")
        super().__init__(tuple(forward), tuple(backward))

    def deconstruct(self) -> tuple[str, list[str], dict[str, str]]:
        return type(self).__name__, [self.table], {"also_visible": self.also_visible}


class AllowAdministration(migrations.RunSQL):
    """Let an organisation's administrators see and write the rows of all its instances.

    For tables about people and rights alone, never for what people wrote or uploaded.
    """

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(
            f"CREATE POLICY administration ON {table}"
            f" USING ({_ADMINISTERED}) WITH CHECK ({_ADMINISTERED})",
            f"DROP POLICY administration ON {table}",
        )

    def deconstruct(self) -> tuple[str, list[str], dict[str, str]]:
        return type(self).__name__, [self.table], {}
