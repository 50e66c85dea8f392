"""Questions about all instances at once, for what keeps the site going.

Row security shows one tenant at a time; a periodic task that visited two thousand in turn would
load the database for nothing. What such a task must know is instead a function of PostgreSQL
(``instances.row_security.AskAcrossInstances``), which returns numbers, states and times.
"""

from typing import Any

from django.db import connection
from psycopg import sql


def ask(question: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """Return the rows with which PostgreSQL's function ``question`` answers."""
    placeholders = sql.SQL(", ").join([sql.Placeholder()] * len(arguments))
    statement = sql.SQL("SELECT * FROM {}({})").format(sql.Identifier(question), placeholders)
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
