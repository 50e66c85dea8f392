"""Migration operations that put tables under forced row security (docs/architecture.md)."""

from typing import Any

from django.db import migrations

# Settings are read in sub-selects, so that PostgreSQL evaluates them once, not for each row.
TENANT = "instance_id = (SELECT nullif(current_setting('ragapp.instance', true), '')::bigint)"
USER = "(SELECT nullif(current_setting('ragapp.user', true), '')::bigint)"
KEY = "(SELECT nullif(current_setting('ragapp.key', true), ''))"
# As an array, so that the organisation's instances are queried once, not for each row.
ADMINISTERED = (
    "instance_id = ANY (ARRAY(SELECT id FROM instances_instance WHERE organisation_id"
    " = (SELECT nullif(current_setting('ragapp.organisation', true), '')::bigint)))"
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

    For tables about people and rights only, never for documents or conversations.
    """

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(
            f"CREATE POLICY administration ON {table}"
            f" USING ({ADMINISTERED}) WITH CHECK ({ADMINISTERED})",
            f"DROP POLICY administration ON {table}",
        )

    def deconstruct(self) -> tuple[str, list[str], dict[str, str]]:
        return type(self).__name__, [self.table], {}


class FunctionAcrossInstances(migrations.RunSQL):
    """Create a function that queries the rows of all instances.

    It runs with the rights of the tables' owner, and returns only what ``query`` returns: numbers,
    states and times. The rows themselves are visible to the owner only, and only while the function
    runs (docs/decisions/008-functions-across-instances.md).
    """

    def __init__(
        self, name: str, *, tables: list[str], query: str, returns: str, arguments: str = ""
    ) -> None:
        self.name, self.tables, self.query = name, tables, query
        self.returns, self.arguments = returns, arguments
        policies = [
            f"CREATE POLICY {name} ON {table} FOR SELECT TO CURRENT_USER"
            f" USING ((SELECT current_setting('ragapp.function', true)) = '{name}')"
            for table in tables
        ]
        function = (
            f"CREATE FUNCTION {name}({arguments}) RETURNS TABLE ({returns})"
            " LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$"
            " #variable_conflict use_column\n"
            f"BEGIN PERFORM set_config('ragapp.function', '{name}', true);"
            f" RETURN QUERY {query};"
            " PERFORM set_config('ragapp.function', '', true); END $$"
        )
        backward = [f"DROP FUNCTION {name}"]
        backward += [f"DROP POLICY {name} ON {table}" for table in tables]
        super().__init__((*policies, function), tuple(backward))

    def deconstruct(self) -> tuple[str, list[str], dict[str, Any]]:
        options: dict[str, Any] = {
            "tables": self.tables,
            "query": self.query,
            "returns": self.returns,
        }
        return type(self).__name__, [self.name], options | {"arguments": self.arguments}
