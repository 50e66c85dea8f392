"""The list of a person's conversations: searching, renaming, deleting, with and without scripts."""

import pytest
from django.urls import reverse

from chat.models import Conversation, Message
from chat.organising.listing import LISTED
from tests.cast import Cast
from tests.factories import ConversationFactory, DocumentFactory, MessageFactory


@pytest.fixture
def hours(cast: Cast) -> Conversation:
    """The teammate's conversation about opening hours."""
    law = {"instance": cast.instance}
    conversation = ConversationFactory(user=cast.teammate, title="Horaires", **law)
    MessageFactory(conversation=conversation, content="Quand ouvre le guichet neuf ?", **law)
    DocumentFactory(name="horaires.pdf", **law)
    return conversation


def url(name: str, *arguments: object) -> str:
    return reverse(f"chat:{name}", args=["law", *arguments])


def test_script_renames_and_deletes_in_place(cast, client_for, hours):
    client = client_for(cast.teammate)
    json = {"content_type": "application/json"}
    assert client.post(url("rename", hours.pk), {"title": ""}, **json).status_code == 400
    assert client.post(url("rename", hours.pk), {"title": "Le guichet"}, **json).status_code == 204
    assert "Le guichet" in client.get(url("conversations")).content.decode()
    assert client.post(url("delete", hours.pk), {}, **json).status_code == 204
    assert client.get(url("conversation", hours.pk)).status_code == 404


def test_pages_rename_and_delete_without_script(cast, client_for, hours):
    client = client_for(cast.teammate)
    rename, delete = url("rename", hours.pk), url("delete", hours.pk)
    listed = client.get(url("conversations")).content.decode()
    assert f'href="{rename}"' in listed
    assert f'href="{delete}"' in listed
    assert 'value="Horaires"' in client.get(rename).content.decode()
    assert "field-error" in client.post(rename, {"title": " "}).content.decode()
    page = client.post(rename, {"title": "Le guichet"}, follow=True)
    assert "Conversation renamed" in page.content.decode()
    assert "Le guichet" in client.get(delete).content.decode()
    assert client.get(url("conversation", hours.pk)).status_code == 200
    page = client.post(delete, follow=True)
    assert "Conversation deleted" in page.content.decode()
    assert client.get(url("conversation", hours.pk)).status_code == 404


@pytest.mark.parametrize("person", ["owner", "stranger"])
def test_pages_are_for_the_owner_of_the_conversation(cast, client_for, hours, person):
    client = client_for(getattr(cast, person))
    pages = [url("rename", hours.pk), url("delete", hours.pk)]
    assert {client.get(page).status_code for page in pages} == {404}


def test_searching_looks_into_messages_and_document_names(cast, client_for, hours):
    client = client_for(cast.teammate)
    for query in ("horaires", "GUICHET neuf", "quand guichet"):
        assert "Horaires" in client.get(url("search"), {"q": query}).content.decode()
    html = client.get(url("search"), {"q": "horaires.pdf"}).content.decode()
    assert "horaires.pdf" in html
    assert "Horaires</span>" not in html
    assert "Horaires" not in client.get(url("conversations"), {"q": "absent"}).content.decode()
    assert "Horaires" not in client_for(cast.owner).get(url("conversations")).content.decode()
    for name in ("search", "conversations"):
        assert client.get(url(name), {"q": "\0"}).status_code == 200


def test_found_answer_is_shown_without_its_markdown(cast, client_for, hours):
    MessageFactory(
        instance=cast.instance,
        conversation=hours,
        role=Message.Role.ASSISTANT,
        content="## Guichet\n\nIl ouvre à **neuf** heures, *sauf* le [jeudi](https://example.org).",
    )
    html = client_for(cast.teammate).get(url("search"), {"q": "sauf"}).content.decode()
    assert "Guichet Il ouvre à neuf heures, sauf le jeudi." in html


def test_all_conversations_are_listed_by_page_without_script(cast, client_for, hours):
    for n in range(LISTED):
        ConversationFactory(instance=cast.instance, user=cast.teammate, title=f"Newer {n}")
    client = client_for(cast.teammate)
    latest = client.get(url("new")).content.decode()
    assert "Horaires" not in latest
    assert f'href="{url("all_conversations")}"' in latest
    first = client.get(url("all_conversations"))
    assert "1–60 of 61" in first.content.decode()
    assert "<bdi>Horaires</bdi>" not in first.content.decode()
    second = client.get(url("all_conversations"), {"page": 2}).content.decode()
    for shown in ("<bdi>Horaires</bdi>", url("rename", hours.pk), url("delete", hours.pk)):
        assert shown in second
    found = client.get(url("all_conversations"), {"q": "guichet neuf"}).content.decode()
    assert "Quand ouvre le guichet neuf ?" in found
    for query in ("absent", "\0", "?page=x"):
        assert client.get(url("all_conversations"), {"q": query}).status_code == 200
    assert "Horaires" not in client_for(cast.owner).get(url("all_conversations")).content.decode()
    assert client_for(cast.stranger).get(url("all_conversations")).status_code == 404
