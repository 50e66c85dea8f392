"""What is attached to a conversation is its author's alone."""

import json
from collections import Counter
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient, Client
from django.urls import reverse

from chat.models import Conversation
from ingestion.models import Acronym, Chunk, CorpusStatistics, Document, TermStatistics
from instances.models import InstanceTotals, Sensitivity
from instances.tenancy import tenant
from retrieval.search import asearch
from tests.cast import Cast
from tests.chat.attaching import NAME, QUESTION, TEXT, attached, post_file
from tests.factories import CitationFactory, FeedbackFactory, MessageFactory
from tests.isolation.tour import manage_key

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def attachment(library: Cast, client_for: Any) -> Document:
    """A file that the teammate has attached to a conversation, ready to be searched."""
    document = attached(library, client_for(library.teammate))
    assert document.status == Document.Status.READY
    return document


def figures(cast: Cast) -> Any:
    """All that ranking knows of the instance."""
    with tenant(cast.instance):
        return (
            sorted(TermStatistics.objects.values_list("generation", "term", "document_frequency")),
            list(CorpusStatistics.objects.values_list("generation", "chunk_count")),
            sorted(Acronym.objects.values_list("short", "long")),
            Chunk.objects.filter(terms__isnull=False).count(),
            list(InstanceTotals.objects.values_list("documents", flat=True)),
        )


@pytest.mark.parametrize("person", ["owner", "editor", "stranger"])
def test_nobody_else_opens_or_changes_an_attachment(
    library: Cast, attachment: Document, client_for: Any, person: str
) -> None:
    other = client_for(getattr(library, person))
    key, conversation = attachment.pk, attachment.conversation_id
    gets = [
        reverse("documents:detail", args=["law", key]),
        reverse("documents:page", args=["law", key, 1]),
        reverse("documents:file", args=["law", key]),
        reverse("documents:delete", args=["law", key]),
        reverse("chat:attachments", args=["law", conversation]),
        reverse("chat:conversation", args=["law", conversation]),
    ]
    posts = [
        *(
            reverse(f"documents:{name}", args=["law", key])
            for name in ("title", "metadata", "sensitivity", "retry", "cancel", "delete")
        ),
        reverse("chat:remove_attachment", args=["law", conversation, key]),
    ]
    statuses = Counter(other.get(url).status_code for url in gets)
    statuses += Counter(other.post(url, {"title": "x"}).status_code for url in posts)
    assert statuses == {404: len(gets) + len(posts)}
    assert post_file(other, conversation=conversation, content=b"Mine.").status_code == 404
    author = client_for(library.teammate)
    assert [author.get(url).status_code for url in gets[:2]] == [200, 200]
    with tenant(library.instance):
        assert Document.with_attachments.filter(pk=key).exists()


@pytest.mark.parametrize("person", ["owner", "editor"])
def test_no_page_of_others_names_an_attachment(
    library: Cast, attachment: Document, client_for: Any, person: str
) -> None:
    other = client_for(getattr(library, person))
    for url in (
        "/i/law/",
        "/i/law/documents/",
        "/i/law/documents/?q=zorglub",
        "/i/law/documents/picker/?q=zorglub",
        f"/i/law/?document={attachment.pk}",
        "/i/law/ratings/",
        "/i/law/conversations/all/?q=zorglub",
    ):
        page = other.get(url)
        assert page.status_code == 200
        text = page.content.decode().replace("?q=zorglub", "").replace('value="zorglub"', "")
        assert "prime-zorglub" not in text, url
        assert "zorglubisation" not in text, url


def test_api_does_not_know_attachments(library: Cast, attachment: Document, client: Client) -> None:
    key = {"Authorization": f"Bearer {manage_key(library.instance)}"}
    listed = client.get("/api/v1/documents", headers=key).content.decode()
    assert "conges.txt" in listed
    assert NAME not in listed
    url = f"/api/v1/documents/{attachment.pk}"
    assert client.get(url, headers=key).status_code == 404
    assert client.get(f"{url}/text", headers=key).status_code == 404
    assert client.delete(url, headers=key).status_code == 404

    async def search(**body: Any) -> str:
        response = await AsyncClient().post(
            "/api/v1/search",
            json.dumps({"query": QUESTION} | body),
            content_type="application/json",
            headers=key,
        )
        return str(response.content.decode())

    assert "conges.txt" in async_to_sync(search)()
    assert "quatre cent douze" not in async_to_sync(search)()
    assert "quatre cent douze" not in async_to_sync(search)(document_ids=[str(attachment.pk)])


def test_statistics_and_totals_do_not_change_with_an_attachment(
    library: Cast, client_for: Any
) -> None:
    before = figures(library)
    document = attached(library, client_for(library.teammate))
    assert document.chunks
    assert figures(library) == before
    with tenant(library.instance):
        assert InstanceTotals.objects.get().stored_bytes == sum(
            Document.with_attachments.values_list("size_bytes", flat=True)
        )


def test_only_a_search_with_the_attachment_finds_its_words(
    library: Cast, attachment: Document
) -> None:
    search = async_to_sync(asearch)
    asked = {
        "instance": library.instance,
        "query": QUESTION,
        "sensitivity": Sensitivity.INTERNAL,
        "top_k": 3,
    }
    without = search(**asked)
    assert attachment.pk not in {chunk.document_id for chunk in without.chunks}
    assert {"montant", "zorglubisation"} <= set(without.unknown_words)
    found = search(**asked, attached=[attachment.pk])
    assert found.chunks[0].document_id == attachment.pk
    assert found.relevant
    assert found.chunks[0].bm25 > 0
    assert found.unknown_words == ("montant",)
    assert {chunk.document_name for chunk in found.chunks} > {NAME}
    alone = search(**asked, attached=[attachment.pk], document_ids=[attachment.pk])
    assert {chunk.document_name for chunk in alone.chunks} == {NAME}


def test_same_bytes_tell_nobody_that_a_file_is_attached(
    library: Cast, attachment: Document, client_for: Any
) -> None:
    editor = client_for(library.editor)
    form = {"file": SimpleUploadedFile(NAME, TEXT.encode())}
    assert editor.post("/i/law/documents/upload/", form).status_code == 201
    assert post_file(editor).json()["attachments"][0]["id"] != str(attachment.pk)
    again = post_file(client_for(library.teammate), conversation=attachment.conversation_id)
    assert [one["id"] for one in again.json()["attachments"]] == [str(attachment.pk)]


def test_rated_answers_from_attachments_are_not_shown_to_editors(
    library: Cast, attachment: Document, client_for: Any
) -> None:
    with tenant(library.instance):
        conversation = Conversation.objects.get(pk=attachment.conversation_id)
    instance = library.instance
    question = MessageFactory(instance=instance, conversation=conversation, content=QUESTION)
    answer = MessageFactory(
        instance=instance, conversation=conversation, parent=question, role="assistant"
    )
    CitationFactory(instance=instance, message=answer, document=attachment, used=True)
    FeedbackFactory(instance=instance, message=answer, user=library.teammate)
    for url in ("/i/law/ratings/", "/i/law/ratings/export.csv"):
        response = client_for(library.owner).get(url)
        text = b"".join(response).decode() if response.streaming else response.content.decode()
        assert "zorglub" not in text
    kept = client_for(library.editor).post(
        reverse("evaluation:golden_keep", args=["law", answer.pk])
    )
    assert kept.status_code == 404
