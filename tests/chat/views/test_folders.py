"""A person's folders of conversations."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from chat.models import Conversation, ConversationFolder
from chat.organising.folders import MAX_FOLDERS
from instances.tenancy import tenant
from people.models import User
from tests.cast import Cast
from tests.factories import ConversationFactory, ConversationFolderFactory

ClientFor = Callable[[User], Client]


@pytest.fixture
def leave(cast: Cast) -> Conversation:
    """The teammate's conversation, in no folder."""
    return ConversationFactory(instance=cast.instance, user=cast.teammate, title="Congés")


@pytest.fixture
def folder(cast: Cast) -> ConversationFolder:
    """The teammate's folder, which is empty."""
    return ConversationFolderFactory(instance=cast.instance, user=cast.teammate, name="Personnel")


def url(name: str, *arguments: object) -> str:
    return reverse(f"chat:{name}", args=["law", *arguments])


def move(client: Client, conversation: Conversation, **data: object) -> str:
    posted = {"action": "move", "conversation": conversation.pk} | data
    return client.post(url("organise"), posted, follow=True).text


def test_conversation_is_moved_to_a_folder_and_out_of_it(
    cast: Cast, client_for: ClientFor, leave: Conversation, folder: ConversationFolder
) -> None:
    client = client_for(cast.teammate)
    question = move(client, leave)
    assert "Personnel" in question
    assert "No folder" in question
    assert "Conversation moved to “Personnel”" in move(client, leave, folder=folder.pk)
    assert "<bdi>Congés</bdi>" in client.get(url("folder", folder.pk)).text
    # By day, there are only those in no folder; all of them are on their page.
    assert ">Congés<" not in client.get(url("conversations")).text
    assert "Personnel" in client.get(url("conversations")).text
    assert "<bdi>Congés</bdi>" in client.get(url("all_conversations")).text
    assert "Undone" in client.post(url("undo"), follow=True).text
    assert ">Congés<" in client.get(url("conversations")).text
    move(client, leave, folder=folder.pk)
    assert "taken out of its folder" in move(client, leave, folder=0)
    assert ">Congés<" in client.get(url("conversations")).text


def test_conversation_is_moved_to_a_new_folder(
    cast: Cast, client_for: ClientFor, leave: Conversation, folder: ConversationFolder
) -> None:
    client = client_for(cast.teammate)
    assert "already have a folder with this name" in move(client, leave, name="personnel")
    assert "Conversation moved to “Ressources”" in move(client, leave, name="Ressources")
    with tenant(cast.instance):
        assert Conversation.objects.get(pk=leave.pk).folder.name == "Ressources"


def test_folder_is_created_renamed_and_deleted_without_its_conversations(
    cast: Cast, client_for: ClientFor, leave: Conversation
) -> None:
    client = client_for(cast.teammate)
    assert "field-error" in client.post(url("folder_new"), {"name": " "}).text
    page = client.post(url("folder_new"), {"name": "Personnel"}).headers["Location"]
    assert "This folder is empty" in client.get(page).text
    assert "already have" in client.post(url("folder_new"), {"name": "PERSONNEL"}).text
    renamed = client.post(f"{page}rename/", {"name": "Ressources"}, follow=True).text
    assert "Folder renamed" in renamed
    with tenant(cast.instance):
        folder = ConversationFolder.objects.get()
    assert folder.name == "Ressources"
    move(client, leave, folder=folder.pk)
    assert "Its conversations stay" in client.get(f"{page}delete/").text
    assert "Folder deleted" in client.post(f"{page}delete/", follow=True).text
    assert ">Congés<" in client.get(url("conversations")).text
    # What was moved before is put back where it still can be.
    assert "Undone" in client.post(url("undo"), follow=True).text


def test_number_of_folders_is_limited(cast: Cast, client_for: ClientFor) -> None:
    ConversationFolderFactory.create_batch(MAX_FOLDERS, instance=cast.instance, user=cast.teammate)
    page = client_for(cast.teammate).post(url("folder_new"), {"name": "Encore"}).text
    assert "You have 100 folders" in page


@pytest.mark.parametrize("person", ["owner", "stranger"])
def test_folders_are_for_their_person(
    cast: Cast,
    client_for: ClientFor,
    leave: Conversation,
    folder: ConversationFolder,
    person: str,
) -> None:
    client = client_for(getattr(cast, person))
    for name in ("folder", "folder_rename", "folder_delete"):
        assert client.get(url(name, folder.pk)).status_code == 404
        assert client.post(url(name, folder.pk), {"name": "À moi"}).status_code in (404, 405)
    own = ConversationFactory(instance=cast.instance, user=cast.owner)
    moved = {"action": "move", "conversation": own.pk, "folder": folder.pk}
    assert client.post(url("organise"), moved).status_code == 404
    assert "Personnel" not in client_for(cast.owner).get(url("all_conversations")).text
