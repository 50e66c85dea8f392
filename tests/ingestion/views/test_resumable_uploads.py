"""Who may continue an upload on the page: its sender alone, while logged in."""

from collections.abc import Callable

import pytest
from django.test import Client

from instances.models import Membership
from instances.tenancy import tenant
from tests.cast import Cast
from tests.ingestion.resumable.sending import TEXT, UPLOADS, TusClient, documents

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]


@pytest.fixture
def editor(cast: Cast, client_for: Callable[..., Client]) -> TusClient:
    return TusClient(client_for(cast.editor))


@pytest.mark.parametrize(
    ("person", "status"),
    [("editor", 200), ("owner", 404), ("teammate", 403), ("stranger", 404)],
)
def test_upload_is_its_senders_alone(
    editor: TusClient,
    cast: Cast,
    client_for: Callable[..., Client],
    person: str,
    status: int,
) -> None:
    url = editor.create(body=TEXT[:9])["Location"]
    other = TusClient(client_for(getattr(cast, person)))
    assert other.head(url).status_code == status
    assert other.client.get(url).status_code == status
    if status != 200:
        assert other.send(url, TEXT[9:], 9).status_code == status
        assert other.client.post(f"{url}finish/").status_code == status
        assert other.stop(url).status_code == status
        assert editor.head(url)["Upload-Offset"] == "9"
    assert documents(cast.instance) == []


def test_sender_continues_after_another_login(
    editor: TusClient, cast: Cast, client_for: Callable[..., Client]
) -> None:
    url = editor.create(body=TEXT[:9])["Location"]
    editor.client.logout()
    for response in (
        editor.create(),
        editor.send(url, TEXT[9:], 9),
        editor.stop(url),
        editor.client.get(UPLOADS),
        editor.client.post(f"{url}finish/"),
    ):
        assert response.status_code == 401
        assert response.json()["error"]["code"] == "logged_out"
        assert response.json()["error"]["url"] == "/accounts/login/"
    again = TusClient(client_for(cast.editor))
    assert again.client.get(UPLOADS).json()["csrf_token"]
    assert again.send(url, TEXT[9:], 9).status_code == 204
    assert len(documents(cast.instance)) == 1


def test_requests_need_the_token_of_the_site(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.editor)
    assert TusClient(client).create().status_code == 403
    token = client.get(UPLOADS).json()["csrf_token"]
    tus = TusClient(client)
    url = tus.create(headers={"X-CSRFToken": token})["Location"]
    assert tus.send(url, TEXT, 0).status_code == 403
    assert tus.send(url, TEXT, 0, headers={"X-CSRFToken": token}).status_code == 204


def test_removed_editor_cannot_continue(editor: TusClient, cast: Cast) -> None:
    url = editor.create(body=TEXT[:9])["Location"]
    with tenant(cast.instance):
        memberships = Membership.objects.for_instance(cast.instance)
        memberships.filter(user=cast.editor).update(role=Membership.Role.MEMBER)
    assert editor.send(url, TEXT[9:], 9).status_code == 403
    assert documents(cast.instance) == []
