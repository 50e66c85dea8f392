"""Insertions whose SQL is written once, beside what ``bulk_create`` inserts."""

from copy import copy
from typing import Any

import psycopg
import pytest
from django.forms import model_to_dict

from chat.models import Citation
from instances.tenancy import tenant
from tests import factories
from web.postgresql.prepared_insert import PreparedInsert


def values_of(citation: Citation) -> dict[str, Any]:
    return model_to_dict(citation, exclude=["id"])


@pytest.fixture
def citations(db: None) -> list[Citation]:
    message = factories.MessageFactory()
    made = [
        factories.CitationFactory(instance=message.instance, message=message, number=number)
        for number in (1, 2)
    ]
    with tenant(message.instance):
        Citation.objects.all().delete()
    for citation in made:
        citation.pk = None
    return made


@pytest.mark.parametrize("n_rows", [1, 2])
def test_rows_are_inserted_with_all_their_values(citations, n_rows):
    insert = PreparedInsert(Citation, unique=["message", "number"])
    given = citations[:n_rows]
    with tenant(given[0].instance):
        insert.insert(given)
        assert list(map(values_of, Citation.objects.order_by("number"))) == [
            values_of(citation) for citation in given
        ]


@pytest.mark.parametrize(
    ("replaced", "quote", "heading"),
    [(["quote"], "new", "old"), ([], "old", "old")],
    ids=["some", "none"],
)
def test_row_that_is_there_keeps_all_but_replaced_fields(citations, replaced, quote, heading):
    first, _second = citations
    insert = PreparedInsert(Citation, unique=["message", "number"], replaced=replaced)
    with tenant(first.instance):
        first.quote = first.heading = "old"
        insert.insert([first])
        first.quote = first.heading = "new"
        insert.insert([first])
        stored = Citation.objects.get()
    assert (stored.quote, stored.heading) == (quote, heading)


def test_placeholders_of_a_long_statement_are_found_once(citations, monkeypatch):
    """psycopg would look for them at each use if there are more than fifty, or 4,096 bytes."""
    insert = PreparedInsert(Citation, unique=["message", "number"], replaced=["quote"])
    split = psycopg._queries._split_query
    found: list[bytes] = []

    def counted(query: bytes, *arguments: Any) -> Any:
        found.append(query)
        return split(query, *arguments)

    monkeypatch.setattr(psycopg._queries, "_split_query", counted)
    rows = [copy(citations[0]) for _number in range(8)]
    for number, row in enumerate(rows, start=1):
        row.number = number
    with tenant(citations[0].instance):
        for _time in range(3):
            insert.insert(rows)
    assert sum(b"INSERT" in query for query in found) <= 1
