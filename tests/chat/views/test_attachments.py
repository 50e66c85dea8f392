"""Files attached to a conversation: sent, read, cited, removed, deleted with it."""

from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.urls import reverse

from accounts.users.erasure import erase_person
from administration.lifecycle.contents import count_everything
from chat.models import Citation, Conversation, Message, ReusableAnswer
from ingestion.models import Chunk, Document
from instances.models import Instance, Membership
from instances.tenancy import in_database, tenant
from tests.cast import Cast
from tests.chat.attaching import ATTACH, NAME, QUESTION, attached, post_file
from tests.chat.views.test_answers import events_of, post
from tests.scripted_llm import ScriptedLLM, stream

pytestmark = pytest.mark.django_db(transaction=True)


def stored(cast: Cast) -> list[Path]:
    """The files of the instance."""
    folder = Path(settings.MEDIA_ROOT) / str(cast.instance.pk)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_first_file_begins_a_conversation_of_its_author(library: Cast, client_for: Any) -> None:
    teammate = client_for(library.teammate)
    listing = post_file(teammate).json()
    (one,) = listing["attachments"]
    assert (one["name"], one["state"]) == (NAME, "reading")
    assert NAME in teammate.get(listing["conversation_url"]).content.decode()
    second = post_file(
        teammate, conversation=listing["conversation_id"], name="b.txt", content=b"Autre texte."
    )
    assert [each["name"] for each in second.json()["attachments"]] == [NAME, "b.txt"]
    assert client_for(library.stranger).post(ATTACH).status_code == 404


def test_guest_cannot_attach(cast: Cast, client_for: Any) -> None:
    with tenant(cast.instance):
        Membership.objects.filter(user=cast.teammate).update(role="guest")
    assert post_file(client_for(cast.teammate)).status_code == 403


@pytest.mark.parametrize(
    ("name", "content", "status", "words"),
    [
        ("vide.txt", b"", 422, "no text"),
        ("a.zip", b"PK\x05\x06" + bytes(18), 422, "archive"),
        ("a.bin", bytes(range(256)), 415, "Convert it to PDF"),
    ],
    ids=["empty", "archive", "unreadable"],
)
def test_refused_file_says_what_to_do_and_begins_no_conversation(
    cast: Cast, client_for: Any, name: str, content: bytes, status: int, words: str
) -> None:
    response = post_file(client_for(cast.teammate), name=name, content=content)
    assert response.status_code == status
    assert words in response.json()["error"]["message"]
    with tenant(cast.instance):
        assert not Conversation.objects.exists()
        assert not Document.with_attachments.exists()


def test_room_of_the_instance_limits_bytes_but_not_documents(
    cast: Cast, client_for: Any, no_broker: None
) -> None:
    Instance.objects.filter(pk=cast.instance.pk).update(max_documents=0)
    teammate = client_for(cast.teammate)
    assert post_file(teammate).status_code == 201
    Instance.objects.filter(pk=cast.instance.pk).update(max_stored_bytes=10)
    refused = post_file(teammate, content=b"Another text.")
    assert refused.status_code == 403
    assert "storage limit" in refused.json()["error"]["message"]


async def test_answer_cites_the_attachment_and_its_question_names_the_conversation(
    library: Cast, llm: ScriptedLLM, async_client_for: Any, client_for: Any
) -> None:
    author = await sync_to_async(client_for)(library.teammate)
    document = await in_database(attached, library, author)
    await in_database(Instance.objects.filter(pk=library.instance.pk).update, reuses_answers=True)
    llm.script(stream("Quatre cent douze euros par mois [1]."))
    client = await sync_to_async(async_client_for)(library.teammate)
    body = {"question": QUESTION, "model": "scripted", "attachments_only": True}
    body["conversation"] = str(document.conversation_id)
    asked = (await post(client, "/i/law/ask/", body)).json()
    assert asked["title"] == QUESTION
    events = await events_of(client, asked["events_url"])
    assert events[-1][0] == "done"

    def read() -> tuple[str, list[Any], bool]:
        with tenant(library.instance):
            (cited,) = Citation.objects.filter(used=True)
            question = Message.objects.get(pk=asked["question_id"])
            return cited.document_name, question.document_ids, ReusableAnswer.objects.exists()

    assert await in_database(read) == (NAME, [document.pk], False)
    passage = await client.get(f"/i/law/m/{asked['answer_id']}/citations/1/")
    assert reverse("documents:detail", args=["law", document.pk]) in passage.content.decode()
    page = await client.get(asked["conversation_url"])
    assert page.context["turns"][0].restricted_to == [NAME]
    export = await client.get(f"{asked['conversation_url']}export/markdown/")
    assert NAME in export.content.decode()


def test_removed_attachment_leaves_no_file_and_no_passage(library: Cast, client_for: Any) -> None:
    before = stored(library)
    teammate = client_for(library.teammate)
    document = attached(library, teammate)
    url = reverse("chat:remove_attachment", args=["law", document.conversation_id, document.pk])
    assert teammate.post(url).json()["attachments"] == []
    assert teammate.post(url).status_code == 404
    assert stored(library) == before
    with tenant(library.instance):
        assert not Chunk.objects.filter(document=document.pk).exists()


@pytest.mark.parametrize("end", ["delete", "erase"])
def test_attachments_are_gone_with_the_conversation(
    library: Cast, client_for: Any, end: str
) -> None:
    before = stored(library), count_everything(library.instance.pk)["ingestion_chunk"]
    teammate = client_for(library.teammate)
    document = attached(library, teammate)
    counts = count_everything(library.instance.pk)
    assert counts["ingestion_document"] == 4
    assert len(stored(library)) == len(before[0]) + 1
    if end == "delete":
        teammate.post(f"/i/law/c/{document.conversation_id}/delete/")
    else:
        erase_person(library.teammate)
    after = count_everything(library.instance.pk)
    assert (stored(library), after["ingestion_chunk"]) == before
    assert after["ingestion_document"] == 3
