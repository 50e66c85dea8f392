"""Guests ask, and read what is cited; of the documents they see nothing else."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client

from instances.tenancy import tenant
from tests.cast import Cast
from tests.factories import (
    CitationFactory,
    ConversationFactory,
    DocumentFactory,
    DocumentPageFactory,
    MembershipFactory,
    MessageFactory,
)

CLOSED = [
    "/i/law/documents/",
    "/i/law/documents/events/",
    "/i/law/documents/picker/",
    "/i/law/documents/picker/group/?folder=Droit",
    "/i/law/documents/{document}/",
    "/i/law/documents/{document}/pages/1/",
    "/i/law/documents/{document}/pages/1/picture",
    "/i/law/documents/{document}/pages/1/words",
    "/i/law/documents/{document}/file",
    "/i/law/settings/",
    "/i/law/settings/keys/",
    "/i/law/settings/members/",
    "/i/law/settings/access/",
]


@pytest.fixture
def guest(transactional_db: None, client_for: Callable[..., Client], cast: Cast) -> Client:
    """A browser of somebody who is a guest of the cast's instance."""
    person = MembershipFactory(instance=cast.instance, role="guest").user
    browser = client_for(person)
    browser.person = person  # type: ignore[attr-defined]  # for tests
    return browser


@pytest.mark.parametrize("path", CLOSED)
def test_guest_cannot_open_documents_or_settings(guest: Client, cast: Cast, path: str) -> None:
    document = DocumentFactory(instance=cast.instance)
    assert guest.get(path.format(document=document.pk)).status_code == 403


def test_guest_cannot_upload(guest: Client, cast: Cast) -> None:
    assert guest.post("/i/law/documents/upload/").status_code == 403


def test_guest_page_offers_only_permitted_actions(guest: Client, cast: Cast) -> None:
    DocumentFactory(instance=cast.instance, name="secret-plan.pdf")
    page = guest.get("/i/law/")
    assert page.status_code == 200
    assert "document-restriction" not in page.text
    assert "/i/law/documents/" not in page.text
    assert "/settings/" not in page.text
    assert "secret-plan" not in page.text


def test_search_finds_conversations_and_no_document(guest: Client, cast: Cast) -> None:
    DocumentFactory(instance=cast.instance, name="opening-plan.pdf")
    ConversationFactory(
        instance=cast.instance,
        user=guest.person,  # type: ignore[attr-defined]
        title="Opening hours",
    )
    found = guest.get("/i/law/search/", {"q": "opening"})
    assert "Opening hours" in found.text
    assert "opening-plan" not in found.text


def test_example_question_does_not_name_the_document(guest: Client, cast: Cast) -> None:
    for document_id in (DocumentFactory(instance=cast.instance).pk, uuid4()):
        answer = guest.post(
            "/i/law/ask/",
            {"question": "When?", "document_ids": [str(document_id)]},
            content_type="application/json",
            headers={"accept": "application/json"},
        )
        assert answer.status_code == 403


def test_guest_sees_cited_passage_without_link_to_its_document(guest: Client, cast: Cast) -> None:
    instance = cast.instance
    document = DocumentFactory(instance=instance, media_type="application/pdf")
    DocumentPageFactory(instance=instance, document=document, number=1)
    conversation = ConversationFactory(instance=instance, user=guest.person)  # type: ignore[attr-defined]
    answer = MessageFactory(instance=instance, conversation=conversation, role="assistant")
    CitationFactory(
        instance=instance,
        message=answer,
        document=document,
        used=True,
        quote="The registry opens at nine",
    )
    shown = guest.get(f"/i/law/m/{answer.pk}/citations/1/")
    assert "o'clock" not in shown.text
    assert "The registry opens at nine" in shown.text
    assert "pdf-page" not in shown.text
    assert str(document.pk) not in shown.text
    with tenant(instance):
        conversation.user = cast.teammate
        conversation.save()
    assert guest.get(f"/i/law/m/{answer.pk}/citations/1/").status_code == 404
