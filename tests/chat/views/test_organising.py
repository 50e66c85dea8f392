"""Conversations pinned, archived and restored, one or several at once, and undone."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from chat.conversations.turns import ask
from chat.models import Conversation
from instances.tenancy import tenant
from people.models import User
from tests.cast import Cast
from tests.factories import ConversationFactory

ClientFor = Callable[[User], Client]


@pytest.fixture
def titled(cast: Cast) -> dict[str, Conversation]:
    """Three conversations of the teammate, the last one newest."""
    return {
        title: ConversationFactory(instance=cast.instance, user=cast.teammate, title=title)
        for title in ("Congés", "Missions", "Concours")
    }


def url(name: str, *arguments: object) -> str:
    return reverse(f"chat:{name}", args=["law", *arguments])


def organise(client: Client, action: str, *conversations: Conversation, **more: Any) -> Any:
    data = {"action": action, "conversation": [one.pk for one in conversations]} | more
    return client.post(url("organise"), data)


def by_script(client: Client, name: str, **data: Any) -> HttpResponse:
    return client.post(url(name), json.dumps(data), content_type="application/json")


def listed(client: Client, name: str = "conversations", **query: str) -> list[str]:
    """The titles on a list, in order."""
    page = client.get(url(name), query).text
    places = {title: page.find(f">{title}<") for title in ("Congés", "Missions", "Concours")}
    return sorted((title for title, at in places.items() if at >= 0), key=lambda one: places[one])


def test_pinned_conversation_is_listed_first(
    cast: Cast, client_for: ClientFor, titled: dict[str, Conversation]
) -> None:
    client = client_for(cast.teammate)
    assert listed(client) == ["Concours", "Missions", "Congés"]
    page = organise(client, "pin", titled["Congés"]).headers["Location"]
    assert page == url("conversation", titled["Congés"].pk)
    assert "Conversation pinned" in client.get(page).text
    assert listed(client) == ["Congés", "Concours", "Missions"]
    assert "Pinned</h2>" in client.get(url("conversations")).text
    organise(client, "unpin", titled["Congés"])
    assert listed(client) == ["Concours", "Missions", "Congés"]


def test_archived_conversation_is_found_and_restored(
    cast: Cast, client_for: ClientFor, titled: dict[str, Conversation]
) -> None:
    client = client_for(cast.teammate)
    organise(client, "archive", titled["Missions"])
    for name in ("conversations", "all_conversations"):
        assert "Missions" not in listed(client, name)
        assert "Missions" in client.get(url(name), {"q": "missions"}).text
    assert "Missions" in client.get(url("search"), {"q": "missions"}).text
    assert "<bdi>Missions</bdi>" in client.get(url("archived_conversations")).text
    assert (
        "This conversation is archived"
        in client.get(url("conversation", titled["Missions"].pk)).text
    )
    organise(client, "restore", titled["Missions"])
    assert "<bdi>Missions</bdi>" not in client.get(url("archived_conversations")).text
    assert "Missions" in listed(client)


def test_continued_conversation_comes_back(
    cast: Cast, client_for: ClientFor, titled: dict[str, Conversation]
) -> None:
    organise(client_for(cast.teammate), "archive", titled["Missions"])
    with tenant(cast.instance):
        ask(
            instance=cast.instance,
            user=cast.teammate,
            question="Et ensuite ?",
            model_id="extractive",
            conversation_id=titled["Missions"].pk,
        )
    # It is named after its first question.
    assert ">Et ensuite ?<" in client_for(cast.teammate).get(url("conversations")).text


def test_several_are_archived_and_the_change_is_undone_once(
    cast: Cast, client_for: ClientFor, titled: dict[str, Conversation]
) -> None:
    client = client_for(cast.teammate)
    organise(client, "pin", titled["Congés"])
    page = organise(client, "archive", *titled.values(), next=url("all_conversations"))
    shown = client.get(page.headers["Location"]).text
    assert "3 conversations archived" in shown
    assert f'action="{url("undo")}"' in shown
    assert listed(client) == []
    assert "Undone" in client.post(url("undo"), follow=True).text
    assert listed(client) == ["Congés", "Concours", "Missions"]
    assert "nothing left to undo" in client.post(url("undo"), follow=True).text


def test_script_is_told_what_was_done(
    cast: Cast, client_for: ClientFor, titled: dict[str, Conversation]
) -> None:
    client, key = client_for(cast.teammate), str(titled["Congés"].pk)
    done = by_script(client, "organise", action="archive", conversation=[key])
    assert done.json() == {"message": "Conversation archived"}
    assert by_script(client, "undo").json() == {"message": "Undone"}
    assert "Congés" in listed(client)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"action": "archive"}, "Tick at least one conversation first."),
        ({"action": "archive", "conversation": [str(uuid4())] * 101}, "Choose 100 conversations"),
        ({"action": "burn", "conversation": [str(uuid4())]}, "burn"),
    ],
    ids=["none", "too many", "unknown action"],
)
def test_what_cannot_be_done_is_explained(
    cast: Cast, client_for: ClientFor, data: dict[str, Any], reason: str
) -> None:
    client = client_for(cast.teammate)
    refused = by_script(client, "organise", **data)
    assert refused.status_code == 400
    assert reason in refused.json()["error"]["message"]
    assert reason in client.post(url("organise"), data, follow=True).text


@pytest.mark.parametrize("person", ["owner", "stranger"])
def test_conversations_of_others_stay_as_they_are(
    cast: Cast, client_for: ClientFor, titled: dict[str, Conversation], person: str
) -> None:
    client = client_for(getattr(cast, person))
    assert organise(client, "archive", *titled.values()).status_code == 404
    assert len(listed(client_for(cast.teammate))) == 3
    assert client_for(cast.stranger).get(url("archived_conversations")).status_code == 404


def test_several_are_deleted_once_the_person_confirms(
    cast: Cast, client_for: ClientFor, titled: dict[str, Conversation]
) -> None:
    client = client_for(cast.teammate)
    two = titled["Congés"], titled["Missions"]
    question = organise(client, "delete", *two).text
    assert "Delete 2 conversations?" in " ".join(question.split())
    assert len(listed(client)) == 3
    page = organise(client, "delete", *two, confirmed="1", next=url("all_conversations"))
    assert "2 conversations deleted" in client.get(page.headers["Location"]).text
    assert listed(client) == ["Concours"]


def test_several_are_exported_as_one_file(
    cast: Cast, client_for: ClientFor, titled: dict[str, Conversation]
) -> None:
    client = client_for(cast.teammate)
    ConversationFactory(instance=cast.instance, user=cast.teammate, title="Congés")
    with tenant(cast.instance):
        mine = list(Conversation.objects.all())
    assert "Export 4 conversations" in " ".join(organise(client, "export", *mine).text.split())
    file = organise(client, "export", *mine, export_format="json")
    with ZipFile(BytesIO(file.content)) as archive:
        written = [json.loads(archive.read(name))["title"] for name in archive.namelist()]
    assert sorted(written) == ["Concours", "Congés", "Congés", "Missions"]
