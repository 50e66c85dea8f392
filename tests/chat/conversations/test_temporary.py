"""Temporary conversations: who sees them, when they are erased; instances that allow no others."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chat.conversations.temporary import AFTER_LEAVING, LIFETIME
from chat.conversations.turns import ask
from chat.models import Conversation, Message, ReusableAnswer
from chat.tasks import reconcile
from ingestion.models import Document
from instances.models import Instance, Organisation
from instances.tenancy import tenant
from people.models import User
from tests.cast import Cast
from tests.factories import ConversationFactory, DocumentFactory, FeedbackFactory, MessageFactory
from tests.fixtures.waiting import wait_until
from tests.scripted_llm import ScriptedLLM
from usage.models import UsageRecord

ClientFor = Callable[[User], Client]
SECRET = "Ma collègue peut-elle être licenciée ?"


def url(name: str, *arguments: object) -> str:
    return reverse(f"chat:{name}", args=["law", *arguments])


@pytest.fixture
def secret(cast: Cast) -> Conversation:
    """The teammate's temporary conversation, with an answer rated and a file attached."""
    place = {"instance": cast.instance}
    conversation = ConversationFactory(
        **place,
        user=cast.teammate,
        title="Temporary conversation",
        has_attachments=True,
        temporary_until=timezone.now() + LIFETIME,
    )
    question = MessageFactory(**place, conversation=conversation, content=SECRET)
    answer = MessageFactory(
        **place, conversation=conversation, parent=question, role="assistant", content="Non."
    )
    FeedbackFactory(**place, message=answer, user=cast.teammate, helpful=False)
    DocumentFactory(**place, conversation=conversation)
    with tenant(cast.instance):
        Conversation.objects.filter(pk=conversation.pk).update(leaf=answer)
        conversation.refresh_from_db()
    return conversation


def expire(conversation: Conversation) -> None:
    with tenant(conversation.instance):
        past = timezone.now() - timedelta(seconds=1)
        Conversation.objects.filter(pk=conversation.pk).update(temporary_until=past)


def erased_in(conversation: Conversation) -> timedelta:
    with tenant(conversation.instance):
        until = Conversation.objects.get(pk=conversation.pk).temporary_until
    return until - timezone.now()


def test_it_is_in_no_list_and_its_person_reads_it(
    cast: Cast, client_for: ClientFor, secret: Conversation
) -> None:
    client = client_for(cast.teammate)
    page = client.get(url("conversation", secret.pk))
    assert SECRET in page.text
    assert "no-store" in page.headers["Cache-Control"]
    lists = [url(name) for name in ("conversations", "all_conversations", "archived_conversations")]
    for page_url in [*lists, url("search"), url("new")]:
        for query in ({}, {"q": "licenciée"}, {"q": "temporary"}):
            shown = client.get(page_url, query).text
            assert str(secret.pk) not in shown
            assert SECRET not in shown
    for action in ("pin", "archive", "move", "export"):
        posted = {"action": action, "conversation": secret.pk}
        assert client.post(url("organise"), posted).status_code == 404


def test_nobody_else_reads_it(cast: Cast, client_for: ClientFor, secret: Conversation) -> None:
    assert SECRET not in client_for(cast.owner).get(url("ratings")).text
    inspect = reverse("evaluation:inspect_answer", args=["law", secret.leaf_id])
    assert client_for(cast.owner).get(inspect).status_code == 404
    for person in (cast.owner, cast.stranger):
        for name in ("conversation", "presence", "delete", "exports"):
            assert client_for(person).post(url(name, secret.pk)).status_code in (404, 405)
            assert client_for(person).get(url(name, secret.pk)).status_code in (404, 405)
    shared = client_for(cast.teammate).post(url("share", secret.pk), follow=True).text
    assert "temporary conversation is not shared" in shared


def test_it_is_erased_with_its_files_when_its_time_is_over(
    cast: Cast,
    client_for: ClientFor,
    secret: Conversation,
    django_capture_on_commit_callbacks: Any,
) -> None:
    ConversationFactory(instance=cast.instance, user=cast.teammate, title="Congés")
    client = client_for(cast.teammate)
    with tenant(cast.instance):
        (attached,) = Document.with_attachments.filter(conversation=secret)
    reconcile()
    assert client.get(url("conversation", secret.pk)).status_code == 200
    expire(secret)
    # Whether or not the reconciler has run.
    assert client.get(url("conversation", secret.pk)).status_code == 404
    assert client.post(url("regenerate", secret.leaf_id)).status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        reconcile()
    with tenant(cast.instance):
        assert [one.title for one in Conversation.objects.all()] == ["Congés"]
        assert not Message.objects.exists()
        assert not Document.with_attachments.filter(pk=attached.pk).exists()
    assert not attached.file.storage.exists(attached.file.name)


def test_its_time_depends_on_whether_its_page_is_open(
    cast: Cast, client_for: ClientFor, secret: Conversation
) -> None:
    client = client_for(cast.teammate)
    presence = url("presence", secret.pk)
    assert client.post(presence, {"left": "true"}).status_code == 204
    assert erased_in(secret) <= AFTER_LEAVING
    assert client.post(presence).status_code == 204
    assert erased_in(secret) > AFTER_LEAVING
    client.post(presence, {"left": "true"})
    client.get(url("conversation", secret.pk))
    assert erased_in(secret) > AFTER_LEAVING


def test_pages_do_not_make_other_conversations_temporary(cast: Cast, client_for: ClientFor) -> None:
    kept = ConversationFactory(instance=cast.instance, user=cast.teammate)
    client = client_for(cast.teammate)
    client.post(url("presence", kept.pk), {"left": "true"})
    client.get(url("conversation", kept.pk))
    with tenant(cast.instance):
        assert Conversation.objects.get(pk=kept.pk).temporary_until is None


async def test_answer_is_not_given_again_and_its_usage_stays(
    library: Cast, llm: ScriptedLLM, async_client_for: Any
) -> None:
    await Instance.objects.filter(pk=library.instance.pk).aupdate(reuses_answers=True)
    client = await sync_to_async(async_client_for)(library.teammate)
    asked = {"question": "Combien de jours de congé ont les doctorants ?", "temporary": "true"}
    response = await client.post(url("ask"), asked, headers={"Accept": "text/event-stream"})
    assert response.status_code == 303
    page = response.headers["Location"]

    def ended() -> bool:
        with tenant(library.instance):
            return Message.objects.filter(role="assistant", status="complete").exists()

    await sync_to_async(wait_until)(ended)

    def erase() -> tuple[Conversation, bool]:
        with tenant(library.instance):
            conversation = Conversation.objects.get()
            reused = ReusableAnswer.objects.exists()
        expire(conversation)
        reconcile()
        return conversation, reused

    conversation, reused = await sync_to_async(erase)()
    assert str(conversation.pk) in page
    assert conversation.title == "Temporary conversation"
    assert not reused

    def left() -> tuple[int, int]:
        with tenant(library.instance):
            return Message.objects.count(), UsageRecord.objects.count()

    messages, records = await sync_to_async(left)()
    assert messages == 0
    assert records > 0


@pytest.fixture
def only_temporary(library: Cast) -> Conversation:
    """A conversation that was kept before its instance allowed only temporary ones."""
    kept = ConversationFactory(instance=library.instance, user=library.teammate, title="Congés")
    Instance.objects.filter(pk=library.instance.pk).update(only_temporary=True)
    return kept


async def test_kept_conversation_is_read_but_not_continued(
    library: Cast, only_temporary: Conversation, async_client_for: Any
) -> None:
    client = await sync_to_async(async_client_for)(library.teammate)
    page = await client.get(url("conversation", only_temporary.pk))
    assert "Only temporary conversations are allowed here now" in page.text
    again = {"question": "Encore ?", "conversation": only_temporary.pk, "temporary": "true"}
    refused = await client.post(url("ask"), again)
    assert refused.status_code == 403
    assert "Start a new one" in refused.text
    # Sent again from that page, it remains temporary.
    assert '<input type="hidden" name="temporary" value="true">' in refused.text
    file = SimpleUploadedFile("own.txt", b"Some text of mine.")
    posted = {"file": file, "conversation": only_temporary.pk}
    attached = await client.post(url("attach"), posted)
    assert attached.json()["error"]["code"] == "only_temporary"

    def messages() -> int:
        with tenant(library.instance):
            return Message.objects.count()

    assert await sync_to_async(messages)() == 0


@pytest.mark.parametrize("level", ["instance", "organisation"])
def test_instance_may_allow_no_others(cast: Cast, client_for: ClientFor, level: str) -> None:
    model, key = {
        "instance": (Instance, cast.instance.pk),
        "organisation": (Organisation, cast.instance.organisation_id),
    }[level]
    model.objects.filter(pk=key).update(only_temporary=True)
    client = client_for(cast.teammate)
    assert "Conversations are temporary here" in client.get(url("new")).text
    file = SimpleUploadedFile("own.txt", b"Some text of mine.")
    assert client.post(url("attach"), {"file": file}).status_code == 201
    instance = Instance.objects.select_related("organisation").get(pk=cast.instance.pk)
    with tenant(instance):
        ask(instance=instance, user=cast.teammate, question=SECRET, model_id="extractive")
        begun = list(Conversation.objects.all())
    assert {one.title for one in begun} == {"Temporary conversation"}
    assert all(one.is_temporary for one in begun)
    assert len(begun) == 2
