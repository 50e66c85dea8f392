"""The conversation's pages and fragments, for its owner, a teammate and a stranger."""

from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from chat.models import Conversation, Feedback, Message
from ingestion.models import DocumentPage
from instances.tenancy import tenant
from tests.cast import Cast
from tests.factories import (
    ChunkFactory,
    CitationFactory,
    ConversationFactory,
    DocumentFactory,
    DocumentPageFactory,
    MessageFactory,
)

ASSISTANT = Message.Role.ASSISTANT
PAGE = "Avant. Le guichet ouvre à neuf heures, du lundi au vendredi. Après."
PASSAGE = "Le guichet ouvre à neuf heures, du lundi au vendredi."


@pytest.fixture
def thread(cast: Cast) -> Conversation:
    """The teammate's conversation: a question, two answers, the second one shown and cited."""
    instance = cast.instance
    conversation = ConversationFactory(instance=instance, user=cast.teammate, title="Horaires")
    question = MessageFactory(
        instance=instance, conversation=conversation, content="Quand ouvre le guichet ?"
    )
    for text in ("À huit heures.", "À neuf heures [1]."):
        answer = MessageFactory(
            instance=instance,
            conversation=conversation,
            parent=question,
            role=ASSISTANT,
            content=text,
        )
    document = DocumentFactory(instance=instance, name="horaires.pdf", media_type="application/pdf")
    DocumentPageFactory(instance=instance, document=document, number=3, text=PAGE)
    CitationFactory(
        instance=instance,
        message=answer,
        document=document,
        text=PASSAGE,
        quote="à neuf heures",
        page_start=3,
        page_end=3,
        char_start=PAGE.index(PASSAGE),
        char_end=PAGE.index(PASSAGE) + len(PASSAGE),
        used=True,
    )
    with tenant(instance):
        conversation.leaf = answer
        conversation.save()
    return conversation


def test_new_conversation_says_that_documents_are_being_prepared(cast, client_for):
    """A person who has just added files is not told to add some."""
    for status in ("queued", "embedding"):
        DocumentFactory(instance=cast.instance, status=status)
    page = client_for(cast.teammate).get(reverse("chat:new", args=["law"])).content.decode()
    assert "2 documents are being prepared" in page
    assert "There is no document" not in page


def url(name: str, *arguments: object) -> str:
    return reverse(f"chat:{name}", args=["law", *arguments])


def messages(thread: Conversation) -> list[Message]:
    with tenant(thread.instance):
        return list(thread.messages.order_by("created_at"))


@pytest.mark.parametrize("person", ["owner", "editor", "teammate"])
def test_only_members_can_open_a_new_conversation(cast, client_for, person):
    response = client_for(getattr(cast, person)).get(url("new"))
    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-store"
    assert "Faculté de droit" in response.content.decode()


def test_conversation_is_visible_to_its_owner_only(cast, client_for, thread):
    address = url("conversation", thread.pk)
    assert client_for(cast.teammate).get(address).status_code == 200
    assert client_for(cast.owner).get(address).status_code == 404
    assert client_for(cast.stranger).get(address).status_code == 404
    assert client_for(cast.teammate).get(url("conversation", uuid4())).status_code == 404


@pytest.mark.parametrize("person", ["owner", "stranger"])
def test_other_people_cannot_change_a_conversation(cast, client_for, thread, person):
    client = client_for(getattr(cast, person))
    answer = messages(thread)[-1]
    posts = [
        url("rename", thread.pk),
        url("delete", thread.pk),
        url("select", answer.pk),
        url("feedback", answer.pk),
        url("regenerate", answer.pk),
        url("stop", answer.pk),
    ]
    assert {client.post(address, {"title": "x"}).status_code for address in posts} == {404}
    gets = [url("citation", answer.pk, 1), url("events", answer.pk)]
    assert {client.get(address).status_code for address in gets} == {404}
    assert len(messages(thread)) == 3


def test_page_contains_the_shown_branch_and_its_versions(cast, client_for, thread):
    response = client_for(cast.teammate).get(url("conversation", thread.pk))
    shown = [turn.message.content for turn in response.context["turns"]]
    assert shown == ["Quand ouvre le guichet ?", "À neuf heures [1]."]
    data = response.context["turns"][1].data
    assert data["used"] == [1]
    assert data["quotes"] == {"1": "à neuf heures"}
    assert len(data["versions"]) == 2


def test_selecting_a_version_shows_it(cast, client_for, thread):
    client = client_for(cast.teammate)
    other = messages(thread)[1]
    response = client.post(url("select", other.pk), follow=True)
    assert [turn.message.pk for turn in response.context["turns"]][-1] == other.pk


def test_passage_is_shown_in_its_context(cast, client_for, thread):
    answer = messages(thread)[-1]
    html = client_for(cast.teammate).get(url("citation", answer.pk, 1)).content.decode()
    assert (
        "Avant. </span>Le guichet ouvre <mark>à neuf heures</mark>, du lundi au vendredi." in html
    )
    assert "/pages/3/picture" in html
    assert 'highlight="à neuf heures"' in html
    missing = client_for(cast.teammate).get(url("citation", answer.pk, 9))
    assert missing.status_code == 404


def test_cited_passage_is_shown_after_its_document_was_deleted(cast, client_for, thread):
    answer = messages(thread)[-1]
    with tenant(cast.instance):
        answer.citations.get().document.delete()
    html = client_for(cast.teammate).get(url("citation", answer.pk, 1)).content.decode()
    assert "<mark>à neuf heures</mark>" in html
    assert "<pdf-page" not in html


def test_documents_that_say_the_same_are_named(cast, client_for, thread):
    answer = messages(thread)[-1]
    with tenant(cast.instance):
        answer.citations.update(copies=["Horaires 2024", "Copie"])
    html = client_for(cast.teammate).get(url("citation", answer.pk, 1)).content.decode()
    assert "also in 2 other documents: Horaires 2024 · Copie" in " ".join(html.split())


def test_quote_on_second_page_of_passage_opens_that_page(cast, client_for, thread):
    answer = messages(thread)[-1]
    with tenant(cast.instance):
        citation = answer.citations.get()
        citation.page_end = 4
        citation.save()
        DocumentPage.objects.filter(document=citation.document, number=3).update(text="Avant.")
    DocumentPageFactory(
        instance=cast.instance, document=citation.document, number=4, label="iv", text=PAGE
    )
    html = client_for(cast.teammate).get(url("citation", answer.pk, 1)).content.decode()
    assert "/pages/4/picture" in html
    assert "Page iv as printed" in html


def test_feedback_is_saved_and_can_be_changed_and_removed(cast, client_for, thread):
    client = client_for(cast.teammate)
    answer = messages(thread)[-1]
    for helpful in (True, False):
        data = {"helpful": helpful, "comment": ""}
        response = client.post(url("feedback", answer.pk), data, content_type="application/json")
        assert response.status_code == 204
    with tenant(cast.instance):
        assert Feedback.objects.get(message=answer).helpful is False
    removed = client.post(url("feedback", answer.pk), {"helpful": None}, "application/json")
    assert removed.status_code == 204
    with tenant(cast.instance):
        assert not Feedback.objects.filter(message=answer).exists()
    refused = client.post(url("feedback", answer.pk), {"comment": "?"})
    assert refused.json()["error"]["code"] == "bad_request"
    question = messages(thread)[0]
    assert client.post(url("feedback", question.pk), {"helpful": True}).status_code == 404


def test_page_omits_text_of_a_running_answer(cast, client_for, thread):
    """The events are sent from the first one: the page would show the text twice."""
    answer = messages(thread)[-1]
    with tenant(cast.instance):
        Message.objects.filter(pk=answer.pk).update(
            status="streaming", content="Neuf", reasoning="Hm", updated_at=timezone.now()
        )
    page = client_for(cast.teammate).get(url("conversation", thread.pk))
    data = page.context["turns"][-1].data
    assert (data["status"], data["content"], data.get("reasoning", "")) == ("streaming", "", "")
    html = page.content.decode()
    assert "Neuf" in html
    assert "Reload this page to see it." in html.split("<noscript>")[1]


def test_instance_without_documents_shows_the_next_step(cast, client_for):
    upload = reverse("documents:list", args=["law"])
    welcome = "data-welcome"
    editor = client_for(cast.editor).get(url("new")).content.decode().split(welcome)[1]
    member = client_for(cast.teammate).get(url("new")).content.decode().split(welcome)[1]
    assert f'href="{upload}"' in editor
    assert f'href="{upload}"' not in member.split("</section>")[0]


def test_examples_come_from_headings(cast, client_for):
    document = DocumentFactory(instance=cast.instance, title="scan.pdf", name="Règlement 2026.pdf")
    headings = ["Titre du document", "Livre I › Comment demander une césure ?", "Durée du stage"]
    for position, heading in enumerate(headings):
        ChunkFactory(instance=cast.instance, document=document, position=position, heading=heading)
    examples = client_for(cast.teammate).get(url("new")).context["examples"]
    assert examples == [
        "Comment demander une césure\u00a0?",
        "Quelle est la durée du stage\u00a0?",
    ]

    settings = reverse("administration:general", args=["law"])
    lines = "Combien de jours de congé ai-je ?\r\n\r\n Who pays my mission? \r\n"
    form = {"name": "Droit", "language": "fr", "example_questions": lines}
    client_for(cast.owner).post(settings, form)
    written = ["Combien de jours de congé ai-je ?", "Who pays my mission?"]
    assert client_for(cast.teammate).get(url("new")).context["examples"] == written
    shown = client_for(cast.owner).get(settings).content.decode()
    assert "\n".join(written) in shown
    refused = client_for(cast.owner).post(settings, form | {"example_questions": "x\n" * 7})
    assert "6 lines at most." in refused.content.decode()


def test_pages_cost_a_constant_number_of_queries(
    cast, client_for, thread, django_assert_max_num_queries
):
    client = client_for(cast.teammate)
    parent = messages(thread)[-1]
    for turn in range(10):
        parent = MessageFactory(
            instance=cast.instance,
            conversation=thread,
            parent=parent,
            role=ASSISTANT if turn % 2 else Message.Role.USER,
        )
        if turn % 2:
            CitationFactory(instance=cast.instance, message=parent)
    with tenant(cast.instance):
        thread.leaf = parent
        thread.save()
    with django_assert_max_num_queries(40):
        client.get(url("conversation", thread.pk))
