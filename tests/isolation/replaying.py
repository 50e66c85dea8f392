"""Run recorded statements again with settings that must show no rows, and report leaks.

``EXPLAIN ANALYZE`` runs a statement and reports how many rows each scan of a table returned: it
shows a leak even where the result, such as a sum, would hide it.
"""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from django.db import Error, connection, transaction

from administration.lifecycle.contents import tenant_models
from instances.models import AuditEntry
from tests.isolation.recording import Statement

TENANT_TABLES = {model._meta.db_table for model in tenant_models()}
# Append-only: every role may insert, few may read.
LOG = AuditEntry._meta.db_table
# More variants of its parameters would not prove more.
VARIANTS = 3
INSUFFICIENT_PRIVILEGE = "42501"
_TABLE = re.compile(
    r"\b(" + "|".join(sorted(TENANT_TABLES | {LOG}, key=len, reverse=True)) + r")\b"
)
_VERB = re.compile(r"\s*(?:WITH\b.*?\)\s*)?(SELECT|INSERT|UPDATE|DELETE)\b", re.I | re.S)


def tables_of(statement: Statement) -> set[str]:
    """The tables under row security that a statement names."""
    return set(_TABLE.findall(statement.sql))


def verb_of(statement: Statement) -> str:
    """``SELECT``, ``INSERT``, ``UPDATE`` or ``DELETE``."""
    match = _VERB.match(statement.sql)
    assert match, statement.sql
    return match.group(1).upper()


def statements_to_replay(statements: list[Statement]) -> list[Statement]:
    """Each statement on a table under row security, with a few variants of its parameters."""
    seen: dict[str, set[str]] = {}
    chosen = []
    for statement in filter(tables_of, statements):
        variants = seen.setdefault(statement.sql, set())
        adds_to_log = verb_of(statement) == "INSERT" and tables_of(statement) == {LOG}
        if not adds_to_log and len(variants) < VARIANTS:
            if repr(statement.params) not in variants:
                chosen.append(statement)
            variants.add(repr(statement.params))
    return chosen


def leak_of(statement: Statement, settings: dict[str, str], public: Collection[str] = ()) -> str:
    """What a statement shows or writes under these PostgreSQL settings; "" means nothing.

    ``public`` are tables that may be read under them.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        for name, value in settings.items():
            cursor.execute("SELECT set_config(%s, %s, true)", [name, value])
        try:
            with transaction.atomic():
                cursor.execute(
                    "EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) " + statement.sql, statement.params
                )
                answer = cursor.fetchone()[0]
        except Error as error:
            refused = getattr(error.__cause__, "sqlstate", "") == INSUFFICIENT_PRIVILEGE
            return "" if refused else f"{error}"
        finally:
            transaction.set_rollback(True)
    plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
    shown = [
        node for node in _nodes(plan) if node.get("Relation Name") not in public and _shows(node)
    ]
    return ", ".join(f"{node['Node Type']} of {node['Relation Name']}" for node in shown)


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _shows(node: dict[str, Any]) -> bool:
    """Whether this node of a plan returned or wrote rows of a tenant."""
    table = node.get("Relation Name")
    if table not in TENANT_TABLES | {LOG}:
        return False
    if node["Node Type"] == "ModifyTable":
        sources = [one for one in node["Plans"] if one["Parent Relationship"] == "Outer"]
        return any(source["Actual Rows"] for source in sources)
    return bool(node["Actual Rows"] and node["Actual Loops"])
