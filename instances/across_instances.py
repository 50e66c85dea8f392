"""Call PostgreSQL functions that query all instances at once, for periodic tasks.

Row security shows one tenant at a time, and visiting thousands of tenants in turn is slow. So a
function of PostgreSQL (``instances.row_security.FunctionAcrossInstances``) returns what such a task
needs: numbers, states and times.
"""

from typing import Any

from django.db import connection
from psycopg import sql


def call_function(name: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """Call a PostgreSQL function and return its rows."""
    placeholders = sql.SQL(", ").join([sql.Placeholder()] * len(arguments))
    statement = sql.SQL("SELECT * FROM {}({})").format(sql.Identifier(name), placeholders)
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
