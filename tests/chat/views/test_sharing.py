"""A conversation shared by link: its author, a teammate, a guest, a stranger."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from chat.models import Citation, Conversation, Message, SharedConversation
from instances.models import Membership
from instances.tenancy import tenant
from people.models import User
from tests.cast import Cast
from tests.factories import (
    CitationFactory,
    ConversationFactory,
    FeedbackFactory,
    MembershipFactory,
    MessageFactory,
    UserFactory,
)
from usage.models import AnswerStatus

ClientFor = Callable[[User], Client]


@pytest.fixture
def conversation(cast: Cast) -> Conversation:
    """The teammate's conversation: two versions of an answer, the second one shown and rated."""
    place = {"instance": cast.instance}
    conversation = ConversationFactory(**place, user=cast.teammate, title="Congés")
    thread = place | {"conversation": conversation}
    question = MessageFactory(**thread, content="Combien de jours ?")
    answers = [
        MessageFactory(**thread, parent=question, role="assistant", content=text, reasoning="Hm.")
        for text in ("Trente.", "Vingt-cinq [1].")
    ]
    CitationFactory(
        **place, message=answers[1], text="Les agents ont 25 jours.", quote="25 jours", used=True
    )
    CitationFactory(**place, message=answers[1], number=2, text="Non cité.", used=False)
    FeedbackFactory(**place, message=answers[1], user=cast.teammate, helpful=False)
    with tenant(cast.instance):
        conversation.leaf = answers[1]
        conversation.save()
    return conversation


@pytest.fixture
def link(cast: Cast, client_for: ClientFor, conversation: Conversation) -> str:
    """Where the members of the instance read it."""
    page = client_for(cast.teammate).post(own_page(conversation), follow=True).text
    found = re.search(r'<a href="http://testserver(/[^"]+)">', page)
    assert found
    return found[1]


def own_page(conversation: Conversation) -> str:
    return reverse("chat:share", args=["law", conversation.pk])


def test_members_read_what_was_shared(
    cast: Cast, client_for: ClientFor, conversation: Conversation, link: str
) -> None:
    page = client_for(cast.owner).get(link).text
    assert "teammate has shared this conversation" in strip_tags(page)
    assert "Combien de jours ?" in page
    assert "Vingt-cinq [1]." in page
    assert "Les agents ont 25 jours." in page
    for private in ("Trente.", "Hm.", "data-feedback-form", 'data-action="regenerate"'):
        assert private not in page
    assert '"helpful"' not in page
    passage = f"{link}m/{conversation.leaf_id}/citations/1/"
    assert "25 jours" in client_for(cast.owner).get(passage).text


def test_guests_see_of_its_sources_what_guests_see(
    cast: Cast, client_for: ClientFor, conversation: Conversation, link: str
) -> None:
    guest = MembershipFactory(instance=cast.instance, user=UserFactory(), role="guest").user
    page = client_for(guest).get(link).text
    assert "Vingt-cinq [1]." in page
    assert "Non cité." not in page
    passages = f"{link}m/{conversation.leaf_id}/citations/"
    assert "Les agents ont" not in client_for(guest).get(f"{passages}1/").text
    assert client_for(guest).get(f"{passages}2/").status_code == 404


def test_only_members_open_the_link_and_only_its_author_manages_it(
    cast: Cast, client_for: ClientFor, conversation: Conversation, link: str
) -> None:
    pages = [link, f"{link}m/{conversation.leaf_id}/citations/1/"]
    for page in pages:
        assert client_for(cast.stranger).get(page).status_code == 404
    # The stranger's own instance does not know it.
    elsewhere = link.replace("/law/", "/physics/")
    assert client_for(cast.stranger).get(elsewhere).status_code == 404
    for other in (cast.owner, cast.stranger):
        assert client_for(other).get(own_page(conversation)).status_code == 404
        assert client_for(other).post(own_page(conversation), {"stop": 1}).status_code == 404
    assert client_for(cast.owner).get(link).status_code == 200


def test_later_turns_are_not_shared_until_the_author_says_so(
    cast: Cast, client_for: ClientFor, conversation: Conversation, link: str
) -> None:
    thread = {"instance": cast.instance, "conversation": conversation}
    later = MessageFactory(**thread, parent=conversation.leaf, content="Et mon salaire ?")
    with tenant(cast.instance):
        Conversation.objects.filter(pk=conversation.pk).update(leaf=later)
    assert "Et mon salaire ?" not in client_for(cast.owner).get(link).text
    assert client_for(cast.owner).get(f"{link}m/{later.pk}/citations/1/").status_code == 404
    author = client_for(cast.teammate)
    assert "has changed since" in author.get(own_page(conversation)).text
    assert link in author.post(own_page(conversation), follow=True).text
    assert "Et mon salaire ?" in client_for(cast.owner).get(link).text


def test_sharing_ends(
    cast: Cast, client_for: ClientFor, conversation: Conversation, link: str
) -> None:
    with tenant(cast.instance):
        membership = Membership.objects.get(user=cast.teammate)
        membership.delete()
    assert client_for(cast.owner).get(link).status_code == 404
    MembershipFactory(instance=cast.instance, user=cast.teammate)
    assert client_for(cast.owner).get(link).status_code == 200
    client_for(cast.teammate).post(own_page(conversation), {"stop": "1"})
    assert client_for(cast.owner).get(link).status_code == 404
    with tenant(cast.instance):
        assert not SharedConversation.objects.exists()


def test_unfinished_answer_is_not_shared(
    cast: Cast, client_for: ClientFor, conversation: Conversation
) -> None:
    with tenant(cast.instance):
        Message.objects.filter(pk=conversation.leaf_id).update(status=AnswerStatus.STREAMING)
    page = client_for(cast.teammate).post(own_page(conversation), follow=True).text
    assert "still being written" in page
    with tenant(cast.instance):
        assert not SharedConversation.objects.exists()


def test_reader_continues_in_a_conversation_of_their_own(
    cast: Cast, client_for: ClientFor, conversation: Conversation, link: str
) -> None:
    client = client_for(cast.owner)
    page = client.post(f"{link}continue/", follow=True)
    assert "Vingt-cinq [1]." in page.text
    with tenant(cast.instance):
        own = Conversation.objects.get(user=cast.owner)
        assert own.title == "Congés"
        copies = Message.objects.filter(conversation=own)
        assert set(copies.values_list("content", flat=True)) == {
            "Combien de jours ?",
            "Vingt-cinq [1].",
        }
        assert Citation.objects.filter(message=own.leaf).count() == 2
        assert conversation.messages.count() == 3
    assert client_for(cast.stranger).post(f"{link}continue/").status_code == 404


def test_conversation_with_attached_files_is_not_shared(
    cast: Cast, client_for: ClientFor, conversation: Conversation
) -> None:
    with tenant(cast.instance):
        Conversation.objects.filter(pk=conversation.pk).update(has_attachments=True)
    page = client_for(cast.teammate).post(own_page(conversation), follow=True).text
    assert "Only you may read the files" in page
    with tenant(cast.instance):
        assert not SharedConversation.objects.exists()
