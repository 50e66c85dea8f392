"""Files in pieces by the API: a key's instance alone, keys that manage alone."""

from collections.abc import Callable

import pytest
from django.test import Client

from tests.cast import Cast
from tests.ingestion.resumable.sending import TEXT, TusClient, content_of, documents

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]

URL = "/api/v1/uploads"


def test_program_sends_a_file_in_pieces(cast: Cast, with_key: Callable[..., Client]) -> None:
    program = TusClient(with_key(cast.instance), URL)
    assert program.client.options(URL)["Tus-Version"] == "1.0.0"
    url = program.create()["Location"]
    assert url.startswith(f"{URL}/")
    assert program.send(url, TEXT[:9], 0)["Upload-Offset"] == "9"
    assert program.client.get(url)["Upload-Offset"] == "9"
    # Another program of the instance continues.
    other = TusClient(with_key(cast.instance), URL)
    assert other.send(url, TEXT[9:], 9)["Upload-Outcome"] == "stored"
    (document,) = documents(cast.instance)
    assert other.state(url)["url"] == f"/api/v1/documents/{document.pk}"
    assert content_of(document) == TEXT


def test_key_reaches_its_own_instance_alone(cast: Cast, with_key: Callable[..., Client]) -> None:
    url = TusClient(with_key(cast.instance), URL).create(body=TEXT[:9])["Location"]
    stranger = TusClient(with_key(cast.other_instance), URL)
    assert stranger.send(url, TEXT[9:], 9).status_code == 404
    assert stranger.client.get(url).status_code == 404
    assert stranger.stop(url).status_code == 404
    assert stranger.client.post(f"{url}/finish").status_code == 404


def test_upload_of_the_page_is_not_a_keys(
    cast: Cast, with_key: Callable[..., Client], client_for: Callable[..., Client]
) -> None:
    page = TusClient(client_for(cast.editor)).create(body=TEXT[:9])
    program = TusClient(with_key(cast.instance), URL)
    assert program.client.get(f"{URL}/{page.json()['id']}").status_code == 404


def test_key_that_only_asks_may_not_send(cast: Cast, with_key: Callable[..., Client]) -> None:
    response = TusClient(with_key(cast.instance, "chat"), URL).create(body=TEXT)
    assert (response.status_code, response.json()["error"]["code"]) == (403, "scope")
    assert documents(cast.instance) == []


def test_without_a_key_nothing_is_taken(cast: Cast) -> None:
    assert TusClient(Client(), URL).create(body=TEXT).status_code == 401
