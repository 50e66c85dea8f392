"""Queries that Django compiles once per process, and PostgreSQL plans once per connection.

For a query of several joins, Django takes some milliseconds of processor time to write its SQL, and
PostgreSQL as many to plan it with the policies of row security. A query that precedes each answer
is written once instead, as a function of its parameters:

    _query = PreparedQuery(
        lambda digest: ApiKey.objects.filter(digest=digest), digest=CharField()
    )
    _query.rows(digest="…")

The query set says what is read, as anywhere else; only its SQL is kept. The times in it must be the
database's (``Now()``), and nothing else in it may change while the process runs.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.query import ModelIterable, get_related_populators
from django.db.models.sql.compiler import SQLCompiler
from psycopg import pq, sql
from psycopg.types.numeric import Int8

from web.postgresql.base import DatabaseWrapper

R = TypeVar("R")


def prepared_cursor(*, has_many_parameters: bool = False) -> CursorWrapper:
    """Return a cursor whose statements PostgreSQL plans once a connection.

    With ``has_many_parameters``, these are a list.
    """
    wrapper = cast(DatabaseWrapper, connection)
    return wrapper.prepared_cursor(has_many_parameters=has_many_parameters)


def binary_rows(statement: str, parameters: Sequence[Any]) -> list[Any]:
    """Run a statement whose rows come in binary, for bytes and vectors: text is twice as long."""
    with prepared_cursor() as cursor:
        cursor.cursor.format = pq.Format.BINARY
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


class Parameter(Expression):
    """The place of a parameter in a query."""

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, *_args: Any, **_kwargs: Any) -> tuple[str, Any]:
        """Return a placeholder, whose value is this object until the query runs."""
        return "%s", [self]


class PreparedQuery(Generic[R]):
    """A query that is written once; the query set is built at the first use.

    ``build`` returns it from the parameters, which are passed by name as expressions; their
    fields say their types.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, R]], **fields: "Field[Any, Any]") -> None:
        self._build = build
        self._fields = fields
        self._compiled: _Compiled | None = None

    def rows(self, **values: Any) -> list[R]:
        """Run the query, and return what its query set returns."""
        compiled = self._compiled_once()
        with prepared_cursor() as cursor:
            cursor.execute(compiled.sql, compiled.parameters(values))
            return cast(list[R], compiled.read(cursor.fetchall()))

    def _compiled_once(self) -> "_Compiled":
        # Two threads may compile it at the same time, with the same result.
        if self._compiled is None:
            parameters = {name: Parameter(name, field) for name, field in self._fields.items()}
            self._compiled = _compile(self._build(**parameters))
        return self._compiled


@dataclass(frozen=True, slots=True)
class _Compiled:
    """The SQL of a query, the names of its placeholders in order, and how its rows are read."""

    sql: str
    names: tuple[str, ...]
    read: Callable[[list[tuple[Any, ...]]], list[Any]]

    def parameters(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the values of the placeholders."""
        return [as_parameter(values[name]) for name in self.names]


def as_parameter(value: Any) -> Any:
    """Return a value as it is sent apart from its statement.

    A number has the same type whatever its size: otherwise each size would be a statement.
    """
    return Int8(value) if type(value) is int else value


def _compile(queryset: QuerySet[Any, Any]) -> _Compiled:
    connection.ensure_connection()
    compiler = queryset.query.get_compiler(using=queryset.db)
    statement, values = compiler.as_sql()
    names = tuple(value.name for value in values if isinstance(value, Parameter))
    remaining = iter(values)

    def written(placeholder: re.Match[str]) -> str:
        if placeholder[0] == "%%" or isinstance(value := next(remaining), Parameter):
            return placeholder[0]
        # Constants are part of the statement, so that its plan can use partial indexes.
        return sql.Literal(value).as_string(connection.connection).replace("%", "%%")

    read = _models if queryset._iterable_class is ModelIterable else _rows
    return _Compiled(re.sub("%[%s]", written, statement), names, read(compiler, queryset.db))


def _converted(
    compiler: SQLCompiler,
) -> Callable[[list[tuple[Any, ...]]], list[Any]]:
    """Return the conversion of rows of the database to values of fields."""
    converters = compiler.get_converters([each[0] for each in compiler.select])
    if not converters:
        return lambda rows: rows
    return lambda rows: list(compiler.apply_converters(rows, converters))


def _rows(
    compiler: SQLCompiler, _database: str
) -> Callable[[list[tuple[Any, ...]]], list[tuple[Any, ...]]]:
    convert = _converted(compiler)
    return lambda rows: [tuple(row) for row in convert(rows)]


def _models(compiler: SQLCompiler, database: str) -> Callable[[list[tuple[Any, ...]]], list[Model]]:
    """Return how rows become model instances, as in ``django.db.models.query.ModelIterable``."""
    info = cast(dict[str, Any], compiler.klass_info)
    places = info["select_fields"]
    model: type[Model] = info["model"]
    first, end = places[0], places[-1] + 1
    names = [each[0].target.attname for each in compiler.select[first:end]]
    populators = get_related_populators(info, compiler.select, database)  # type: ignore[call-arg]  # of Django 6
    annotations = tuple((compiler.annotation_col_map or {}).items())
    convert = _converted(compiler)

    def read(rows: list[tuple[Any, ...]]) -> list[Model]:
        found = []
        for row in convert(rows):
            one = model.from_db(database, names, row[first:end])
            for populator in populators:
                populator.populate(row, one)
            for name, place in annotations:
                setattr(one, name, row[place])
            found.append(one)
        return found

    return read
