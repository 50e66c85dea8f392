"""Insertions whose SQL is written once per process (``web.postgresql.prepared`` says why)."""

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db import models as fields
from django.db.models import AutoField, Field, ForeignKey, Model

from web.postgresql.prepared import as_parameter, prepared_cursor

M = TypeVar("M", bound=Model)

# Values of these types are sent as they are by these fields. Django would pass each of the fifty
# fields of a usage record through six functions.
_SENT_AS_IS: "Mapping[type[Field[Any, Any]], type]" = {
    fields.CharField: str,
    fields.TextField: str,
    fields.BooleanField: bool,
    fields.FloatField: float,
    fields.UUIDField: UUID,
    **dict.fromkeys(
        (
            fields.AutoField,
            fields.BigAutoField,
            fields.IntegerField,
            fields.BigIntegerField,
            fields.SmallIntegerField,
            fields.PositiveIntegerField,
            fields.PositiveBigIntegerField,
            fields.PositiveSmallIntegerField,
        ),
        int,
    ),
}


def _sent_as_is(field: "Field[Any, Any]") -> type | None:
    target = field.target_field if isinstance(field, ForeignKey) else field
    return _SENT_AS_IS.get(type(target))


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

    @cached_property
    def _read(self) -> "list[tuple[str, type | None, Field[Any, Any]]]":
        """The attribute of each field, and the type of the values that are sent as they are."""
        return [(field.attname, _sent_as_is(field), field) for field in self._fields]

    def insert(self, rows: Sequence[M]) -> None:
        """Insert rows in one statement; their fields have values, not expressions."""
        if not rows:
            return
        # The connection itself: its proxy looks for the thread at each use.
        database = connections[DEFAULT_DB_ALIAS]
        values: list[Any] = []
        for row in rows:
            for name, kind, field in self._read:
                value = getattr(row, name)
                is_sent_as_is = type(value) is kind or (value is None and kind is not None)
                if not is_sent_as_is:
                    value = field.get_db_prep_save(field.pre_save(row, True), database)
                values.append(as_parameter(value))
        with prepared_cursor(has_many_parameters=True) as cursor:
            cursor.execute(self._sql_of(len(rows)), values)
        for row in rows:
            row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS

    def _write_sql(self, n_rows: int) -> str:
        quote = connections[DEFAULT_DB_ALIAS].ops.quote_name

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
