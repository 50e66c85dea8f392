"""Record what the product does: SQL statements of all threads, cache keys and files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.core.cache.backends.locmem import LocMemCache
from django.db import connection
from django.db.backends.signals import connection_created

from ingestion.storage import RegularFileStorage


@dataclass(frozen=True)
class Statement:
    """An SQL statement, its parameters, and what the product was doing."""

    sql: str
    params: Any
    place: str


@dataclass
class Recorder:
    """Collects the statements of all threads while it records a place."""

    statements: list[Statement] = field(default_factory=list)
    _place: str = ""

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        """Stand between Django and a cursor."""
        if self._place:
            for one in list(params)[:3] if many else [params]:
                self.statements.append(Statement(str(sql), one, self._place))
        return execute(sql, params, many, context)

    @contextmanager
    def at(self, place: str) -> Iterator[None]:
        """Record statements inside the block under the name ``place``."""
        self._place = place
        try:
            yield
        finally:
            self._place = ""

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Record on every connection, including those that other threads open later."""
        connection.ensure_connection()
        connection.execute_wrappers.append(self)
        connection_created.connect(self._on_connection, dispatch_uid="recorder")
        try:
            yield
        finally:
            connection_created.disconnect(dispatch_uid="recorder")
            connection.execute_wrappers.remove(self)

    def _on_connection(self, connection: Any, **_signal: Any) -> None:
        if self not in connection.execute_wrappers:
            connection.execute_wrappers.append(self)

    def __hash__(self) -> int:
        return id(self)


class RecordingCache(LocMemCache):
    """A cache that remembers the keys that were written."""

    written: ClassVar[set[str]] = set()

    def set(self, key: str, *arguments: Any, **options: Any) -> None:
        self.written.add(key)
        super().set(key, *arguments, **options)

    def add(self, key: str, *arguments: Any, **options: Any) -> bool:
        self.written.add(key)
        return super().add(key, *arguments, **options)

    def incr(self, key: str, *arguments: Any, **options: Any) -> int:
        self.written.add(key)
        return super().incr(key, *arguments, **options)


class RecordingStorage(RegularFileStorage):
    """A storage that remembers the names under which files were saved, opened and deleted."""

    touched: ClassVar[set[str]] = set()

    def _save(self, name: str, content: Any) -> str:
        self.touched.add(name)
        return super()._save(name, content)

    def _open(self, name: str, mode: str = "rb") -> Any:
        self.touched.add(name)
        return super()._open(name, mode)

    def delete(self, name: str) -> None:
        self.touched.add(name)
        super().delete(name)
