"""Insertions whose SQL is written once per process (``web.postgresql.prepared`` says why)."""

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any, Generic, TypeVar

from django.db import connection, connections
from django.db.models import AutoField, Field, Model

from web.postgresql.prepared import as_parameter, prepared_cursor

M = TypeVar("M", bound=Model)


class PreparedInsert(Generic[M]):
    """Inserts rows of a model, as ``bulk_create`` does; keys of ``AutoField`` are not read back.

    ``unique`` are the fields in which a row may be there already: of such a row ``replaced`` fields
    are updated; without any, the row is left as it is. A row that is there otherwise is an error.
    """

    def __init__(
        self, model: type[M], *, unique: Sequence[str] = (), replaced: Sequence[str] = ()
    ) -> None:
        self._model, self._unique, self._replaced = model, unique, replaced
        self._sql_of = lru_cache(self._write_sql)

    @cached_property
    def _fields(self) -> "list[Field[Any, Any]]":
        fields = self._model._meta.concrete_fields
        return [field for field in fields if not isinstance(field, AutoField)]

    def insert(self, rows: Sequence[M]) -> None:
        """Insert rows in one statement; their fields have values, not expressions."""
        if not rows:
            return
        # Each field asks it several times; ``connection`` would look for it each time.
        wrapper = connections[connection.alias]
        fields = self._fields
        values = [
            as_parameter(field.get_db_prep_save(field.pre_save(row, True), wrapper))
            for row in rows
            for field in fields
        ]
        with prepared_cursor(has_many_parameters=True) as cursor:
            cursor.execute(self._sql_of(len(rows)), values)
        for row in rows:
            row._state.adding, row._state.db = False, connection.alias

    def _write_sql(self, n_rows: int) -> str:
        quote = connection.ops.quote_name

        def columns(names: Sequence[str]) -> list[str]:
            return [quote(self._model._meta.get_field(name).column) for name in names]  # type: ignore[arg-type, union-attr]  # of this table

        names = [field.name for field in self._fields]
        row = "({})".format(", ".join(["%s"] * len(names)))
        statement = (
            f"INSERT INTO {quote(self._model._meta.db_table)} ({', '.join(columns(names))}) "  # noqa: S608 (names of our models)
            f"VALUES {', '.join([row] * n_rows)}"
        )
        if not self._unique:
            return statement
        changes = ", ".join(f"{column} = EXCLUDED.{column}" for column in columns(self._replaced))
        action = f"UPDATE SET {changes}" if changes else "NOTHING"
        return f"{statement} ON CONFLICT ({', '.join(columns(self._unique))}) DO {action}"
