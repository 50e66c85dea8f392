"""The HTTP API: a key reaches only its own instance, in every operation."""

import json

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient

from instances.models import ApiKey
from instances.tenancy import tenant
from tests.cast import Cast
from tests.factories import ChunkFactory, DocumentFactory
from tests.fixtures.corpus import add_document
from tests.ingestion.factories import ResumableUploadFactory
from tests.isolation.canaries import CANARY, fill, picture
from tests.isolation.tour import call, manage_key, operations
from tests.site_map import values_inside
from tests.sources.factories import SourceFactory

OPERATIONS = list(operations())
by_operation = pytest.mark.parametrize(
    ("path", "operation"),
    OPERATIONS,
    ids=[f"{operation.methods[0]} {path}" for path, operation in OPERATIONS],
)


@pytest.fixture
def two_instances(library: Cast) -> Cast:
    """The library, and another instance with private rows."""
    fill(library.other_instance, library.stranger)
    return library


@by_operation
def test_key_cannot_access_another_instance(two_instances, path, operation):
    cast = two_instances
    with tenant(cast.other_instance):
        foreign = picture(cast.other_instance)
        document = next(iter(foreign["ingestion.Document"]))
    assert CANARY in document
    key = manage_key(cast.instance)
    hidden = DocumentFactory(instance=cast.other_instance, name=f"{CANARY}-2.txt")
    source = SourceFactory(instance=cast.other_instance, name=f"{CANARY}-2")
    sent = ResumableUploadFactory(instance=cast.other_instance, by_key=True, name=f"{CANARY}-2")
    before = picture(cast.other_instance)
    values = {"document_id": hidden.pk, "source_id": source.pk, "upload_id": sent.pk}
    values["slug"] = cast.other_instance.slug
    status, body = async_to_sync(call)(path, operation, key, values)
    of_a_row = any(f"{{{name}}}" in path for name in values)
    assert status == 404 if of_a_row else status in {200, 201, 204}
    assert CANARY.encode() not in body
    assert picture(cast.other_instance) == before


@by_operation
def test_operation_requires_a_key(two_instances, path, operation):
    values = values_inside(two_instances)
    status, _body = async_to_sync(call)(path, operation, "rag_of-nobody", values)
    assert status == 401


def test_search_in_documents_of_another_instance_returns_nothing(two_instances):
    cast = two_instances
    text = f"La {CANARY} a droit à trente jours de congé."
    foreign = add_document(cast.other_instance, cast.stranger, "poisson.txt", text)
    ChunkFactory(instance=cast.other_instance, document=foreign)

    async def search(**body):
        response = await AsyncClient().post(
            "/api/v1/search",
            json.dumps({"query": f"congé {CANARY}"} | body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )
        return response.json()["results"]

    key = manage_key(cast.instance)
    assert async_to_sync(search)(document_ids=[str(foreign.pk)]) == []
    assert CANARY not in json.dumps(async_to_sync(search)())


def test_key_is_refused_outside_its_scope(two_instances):
    from instances.access.api_keys import create_api_key

    _key, plaintext = create_api_key(
        instance=two_instances.instance, name="chat", scope=ApiKey.Scope.CHAT, created_by=None
    )
    before = picture(two_instances.instance)["ingestion.Document"]
    values = values_inside(two_instances)
    for path, operation in OPERATIONS:
        if operation.methods[0] in {"POST", "DELETE"} and "/documents" in path:
            assert async_to_sync(call)(path, operation, plaintext, values)[0] == 403
    with tenant(two_instances.instance):
        assert set(before) <= set(picture(two_instances.instance)["ingestion.Document"])
