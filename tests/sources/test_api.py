"""Sources by the HTTP API."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from instances.access.api_keys import create_api_key
from instances.models import Instance
from instances.tenancy import tenant
from sources.credentials import secrets_of
from sources.models import Source
from tests.cast import Cast
from tests.sources.factories import SourceFactory, SourceRunFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]
URL = "/api/v1/sources"
GIVEN = {
    "kind": "webdav",
    "name": "The cloud",
    "options": {"url": "https://93.184.215.14/dav/", "username": "jane", "recursive": False},
    "secrets": {"password": "s3cret"},
}


def client_for(instance: Instance, scope: str = "manage") -> Client:
    _key, plaintext = create_api_key(instance=instance, name="test", scope=scope, created_by=None)
    return Client(headers={"Authorization": f"Bearer {plaintext}", "Accept-Language": "en"})


def post(client: Client, path: str = "", **given: Any) -> tuple[int, dict[str, Any]]:
    response = client.post(URL + path, json.dumps(given), content_type="application/json")
    return response.status_code, response.json()


def test_source_is_added_run_read_and_deleted(cast: Cast) -> None:
    client = client_for(cast.instance)
    status, source = post(client, **GIVEN)
    assert status == 201
    assert (source["state"], source["last_run"]["status"]) == ("running", "queued")
    assert source["options"] == GIVEN["options"]
    assert "s3cret" not in json.dumps(source)
    with tenant(cast.instance):
        assert secrets_of(Source.objects.get()) == {"password": "s3cret"}
    status, run = post(client, f"/{source['id']}/runs")
    assert (status, run["id"]) == (201, source["last_run"]["id"])
    assert [each["id"] for each in client.get(URL).json()] == [source["id"]]
    assert client.get(f"{URL}/{source['id']}").json() == source
    assert client.delete(f"{URL}/{source['id']}").status_code == 204
    assert client.get(URL).json() == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"kind": "gopher"}, "not installed"),
        ({"options": {"url": "http://127.0.0.1/", "username": ""}}, "url: This site may not"),
        ({"options": {}}, "url: This field is required."),
        ({"schedule": "yearly"}, "schedule:"),
        ({"grace_days": 1000}, "grace_days:"),
        ({"name": ""}, "name: This field is required."),
    ],
)
def test_wrong_input_is_refused_with_a_reason(
    cast: Cast, changed: dict[str, Any], words: str
) -> None:
    status, body = post(client_for(cast.instance), **(GIVEN | changed))
    assert status == 422
    assert words in body["error"]["message"]


def test_secret_among_the_options_is_not_shown(cast: Cast) -> None:
    options = {**GIVEN["options"], "password": "s3cret"}  # type: ignore[dict-item]
    status, source = post(
        client_for(cast.instance), **(GIVEN | {"options": options, "secrets": {}})
    )
    assert status == 201
    assert "s3cret" not in json.dumps(source)


def test_run_tells_what_failed(cast: Cast) -> None:
    source = SourceFactory(instance=cast.instance)
    line = {"name": "a.pdf", "url": "", "outcome": "failed", "code": "too_slow"}
    SourceRunFactory(
        instance=cast.instance,
        source=source,
        status="failed",
        error_code="unreachable",
        lines=[line],
    )
    run = client_for(cast.instance).get(f"{URL}/{source.pk}").json()["last_run"]
    assert run["error"]["code"] == "unreachable"
    assert run["report"][0]["reason"].startswith("The server took too long")


def test_key_without_the_scope_is_refused(cast: Cast) -> None:
    client = client_for(cast.instance, "chat")
    assert client.get(URL).status_code == 403
    assert post(client, **GIVEN)[0] == 403


def test_source_of_another_instance_is_not_found(cast: Cast) -> None:
    source = SourceFactory(instance=cast.other_instance)
    client = client_for(cast.instance)
    calls: list[Callable[[str], Any]] = [client.get, client.delete]
    assert {call(f"{URL}/{source.pk}").status_code for call in calls} == {404}
    assert post(client, f"/{source.pk}/runs")[0] == 404
    assert client.get(URL).json() == []
