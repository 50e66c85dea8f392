"""The replay detects leaks."""

import pytest

from tests.factories import DocumentFactory
from tests.isolation.recording import Statement
from tests.isolation.replaying import leak_of, statements_to_replay

READS = [
    "SELECT name FROM ingestion_document",
    "SELECT count(*) FROM ingestion_document WHERE status = 'ready'",
    "WITH found AS (SELECT id FROM ingestion_document) SELECT 1 FROM found",
    "SELECT 1 WHERE EXISTS (SELECT FROM ingestion_document)",
]
WRITES = [
    "UPDATE ingestion_document SET name = 'x'",
    "DELETE FROM instances_membership",
    "INSERT INTO ingestion_termstatistics (instance_id, term, document_frequency)"
    " VALUES (%(instance)s, 1, 1)",
]


@pytest.mark.parametrize("sql", [*READS, *WRITES])
def test_visible_or_written_rows_are_detected(cast, sql):
    DocumentFactory(instance=cast.instance)
    statement = Statement(sql, {"instance": cast.instance.pk}, "here")
    in_it = {"ragapp.instance": str(cast.instance.pk)}
    elsewhere = {"ragapp.instance": str(cast.other_instance.pk)}
    assert leak_of(statement, in_it)
    if "membership" not in sql:
        assert leak_of(statement, elsewhere) == leak_of(statement, {}) == ""


def test_statement_with_an_error_does_not_count_as_isolated(cast):
    assert leak_of(Statement("SELECT nonsense FROM ingestion_document", None, "here"), {})


def test_written_rows_are_rolled_back(cast):
    statement = Statement("DELETE FROM instances_membership", None, "here")
    in_it = {"ragapp.instance": str(cast.instance.pk)}
    assert leak_of(statement, in_it) == leak_of(statement, in_it) != ""


def test_statements_without_tenant_tables_are_skipped():
    statements = [
        Statement("SELECT 1 FROM people_user", None, "here"),
        Statement("INSERT INTO instances_auditentry (id) VALUES (1)", None, "here"),
        Statement("SELECT id FROM instances_auditentry", None, "here"),
        Statement("SELECT id FROM instances_auditentry", None, "there"),
    ]
    assert statements_to_replay(statements) == [statements[2]]
