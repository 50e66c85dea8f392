"""Questions to go on with under an answer."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from chat.models import Conversation, Message
from instances.models import Instance, Membership
from instances.tenancy import tenant
from people.models import User
from tests.cast import Cast
from tests.factories import (
    ChunkFactory,
    CitationFactory,
    ConversationFactory,
    DocumentFactory,
    MembershipFactory,
    MessageFactory,
    UserFactory,
)

ClientFor = Callable[[User], Client]
HEADINGS = [
    "Durée des congés annuels",
    "Conditions de report des congés",
    "Délai de prévenance du service",
    "Pièces justificatives à fournir",
    "Montant de la prime annuelle",
    "Introduction",
]
TEXT = "Les agents de l’établissement en informent leur service par écrit, avant la date. " * 2


@pytest.fixture
def answer(cast: Cast) -> Message:
    """An answer that cites the first section of a document of six."""
    place = {"instance": cast.instance}
    document = DocumentFactory(**place, name="conges.pdf", language="fr")
    chunks = [
        ChunkFactory(**place, document=document, position=n, heading=heading, text=TEXT)
        for n, heading in enumerate(HEADINGS)
    ]
    conversation = ConversationFactory(**place, user=cast.teammate)
    question = MessageFactory(
        **place, conversation=conversation, content="Quelle est la durée de mes congés annuels ?"
    )
    answer = MessageFactory(
        **place, conversation=conversation, parent=question, role="assistant", content="25 [1]."
    )
    CitationFactory(**place, message=answer, document=document, chunk=chunks[0], used=True)
    with tenant(cast.instance):
        Conversation.objects.filter(pk=conversation.pk).update(leaf=answer)
    return answer


def suggested(client: Client, answer: Message) -> str:
    return client.get(reverse("chat:follow_ups", args=["law", answer.pk])).text


def test_other_sections_near_the_cited_one_are_suggested(
    cast: Cast, client_for: ClientFor, answer: Message
) -> None:
    page = suggested(client_for(cast.teammate), answer)
    assert page.count("data-example") == 3
    assert "Quelles sont les conditions de report des congés" in page
    assert "Quel est le délai de prévenance du service" in page
    # It was asked, in other words.
    assert "Quelle est la durée" not in page
    # Without a script they are on the page, and buttons of a form.
    shown = reverse("chat:conversation", args=["law", answer.conversation_id])
    page = client_for(cast.teammate).get(shown).text
    assert page.count('type="submit" name="question"') == 3


@pytest.mark.parametrize("reason", ["switched off", "nothing cited", "failed", "too short"])
def test_nothing_is_suggested_without_reason(
    cast: Cast, client_for: ClientFor, answer: Message, reason: str
) -> None:
    assert "data-example" in suggested(client_for(cast.teammate), answer)
    with tenant(cast.instance):
        match reason:
            case "switched off":
                Instance.objects.update(suggests_questions=False)
            case "nothing cited":
                answer.citations.update(used=False)
            case "failed":
                Message.objects.filter(pk=answer.pk).update(status="failed")
            case "too short":
                answer.citations.get().document.chunk_set.update(text="Voir ci-dessous.")
    assert "data-example" not in suggested(client_for(cast.teammate), answer)


def test_suggestions_are_for_the_person_and_not_for_guests(
    cast: Cast, client_for: ClientFor, answer: Message
) -> None:
    url = reverse("chat:follow_ups", args=["law", answer.pk])
    for person in (cast.owner, cast.stranger):
        assert client_for(person).get(url).status_code == 404
    guest = MembershipFactory(
        instance=cast.instance, user=UserFactory(), role=Membership.Role.GUEST
    ).user
    with tenant(cast.instance):
        Conversation.objects.filter(pk=answer.conversation_id).update(user=guest)
    assert "data-example" not in suggested(client_for(guest), answer)
