"""The page of ratings, for editors and administrators."""

import csv
import io

import pytest
from asgiref.sync import sync_to_async
from django.urls import reverse

from chat import ratings
from chat.models import Message
from instances.tenancy import tenant
from tests.cast import make_cast
from tests.factories import (
    CitationFactory,
    ConversationFactory,
    DocumentFactory,
    FeedbackFactory,
    MessageFactory,
)
from usage.models import AnswerStatus

URL = "/i/law/ratings/"


def make_answer(instance, user, question, status=AnswerStatus.COMPLETE, **rating):
    """A question with its answer, rated when ``rating`` is given."""
    conversation = ConversationFactory(instance=instance, user=user)
    asked = MessageFactory(instance=instance, conversation=conversation, content=question)
    answer = MessageFactory(
        instance=instance,
        conversation=conversation,
        parent=asked,
        role=Message.Role.ASSISTANT,
        status=status,
        content="At nine [1].",
    )
    if rating:
        FeedbackFactory(instance=instance, message=answer, user=user, **rating)
    return answer


@pytest.fixture
def answers(cast):
    make_answers(cast)


def make_answers(cast):
    """One answer of each kind in the cast's instance, and one in another instance."""
    law, reader = cast.instance, cast.teammate
    good = make_answer(law, reader, "Question praised", helpful=True)
    CitationFactory(instance=law, message=good, document_title="Hours", used=True)
    make_answer(law, reader, "Question criticised", helpful=False, comment="=2+2 is outdated")
    make_answer(law, reader, "Question unanswered", AnswerStatus.NOTHING_FOUND)
    make_answer(law, reader, "Question unrated")
    make_answer(cast.other_instance, cast.stranger, "Question elsewhere", helpful=True)


ALL = {"praised", "criticised", "unanswered", "unrated", "elsewhere"}


@pytest.mark.parametrize(
    ("query", "listed"),
    [
        ("", {"praised", "criticised", "unanswered"}),
        ("?kind=helpful", {"praised"}),
        ("?kind=not_helpful&days=30", {"criticised"}),
        ("?kind=comment", {"criticised"}),
        ("?kind=unanswered", {"unanswered"}),
        ("?kind=nonsense&days=-5", {"praised", "criticised", "unanswered"}),
    ],
)
def test_editor_filters_ratings_of_own_instance(cast, client_for, answers, query, listed):
    text = client_for(cast.editor).get(URL + query).content.decode()
    assert {word for word in ALL if f"Question {word}" in text} == listed
    # Readers are not named.
    assert cast.teammate.username not in text


def test_answers_are_drawn_and_sources_named_by_title_file_and_page(cast, client_for):
    answer = make_answer(cast.instance, cast.teammate, "Question", helpful=True)
    document = DocumentFactory(instance=cast.instance, name="h-2024.pdf", title="Opening hours")
    CitationFactory(
        instance=cast.instance,
        message=answer,
        document=document,
        used=True,
        page_start=4,
        page_end=5,
        page_label="iv",
        page_end_label="v",
    )
    text = " ".join(client_for(cast.editor).get(URL).content.decode().split())
    assert '<markdown-text class="rating-answer" dir="auto">At nine [1].</markdown-text>' in text
    assert "<bdi>Opening hours</bdi></a>, <bdi>pages iv–v</bdi>" in text
    assert "<bdi>h-2024.pdf</bdi>" in text


def test_listed_answers_lead_to_inspection_and_golden_questions(cast, client_for, answers):
    listed = client_for(cast.editor).get(URL).context["page"].object_list
    text = client_for(cast.editor).get(URL).content.decode()
    for answer in listed:
        assert f"/i/law/evaluation/inspect/{answer.pk}/" in text
        assert f"/i/law/evaluation/questions/keep/{answer.pk}/" in text


def test_rated_answer_says_how_many_of_its_sentences_are_confirmed(cast, client_for):
    answer = make_answer(cast.instance, cast.teammate, "Question praised", helpful=True)
    answer.verification = {"checked": 5, "supported": 3, "sentences": []}
    with tenant(cast.instance):
        answer.save()
    assert "3 of 5 sentences confirmed" in client_for(cast.editor).get(URL).content.decode()


async def test_export_streams_comments_questions_and_sources(
    transactional_db, async_client_for, monkeypatch
):
    def prepare():
        cast = make_cast()
        make_answers(cast)
        return async_client_for(cast.owner)

    monkeypatch.setattr(ratings, "_PER_BATCH", 2)
    client = await sync_to_async(prepare)()
    response = await client.get(URL + "export.csv?days=30")
    assert "ratings-law" in response["Content-Disposition"]
    pieces = [piece async for piece in response.streaming_content]
    assert len(pieces) == 3
    lines = list(csv.reader(io.StringIO(b"".join(pieces).decode("utf-8-sig"))))
    assert [line[3] for line in lines[1:]] == [
        "Question unanswered",
        "Question criticised",
        "Question praised",
    ]
    assert lines[2][1:3] == ["Not helpful", "'=2+2 is outdated"]
    assert lines[3][5] == "Hours"


@pytest.mark.parametrize("name", ["ratings", "ratings_export"])
@pytest.mark.parametrize(
    ("person", "status"), [("owner", 200), ("editor", 200), ("teammate", 403), ("stranger", 404)]
)
def test_ratings_are_for_editors_and_administrators(cast, client_for, name, person, status):
    client = client_for(getattr(cast, person))
    assert client.get(reverse(f"chat:{name}", args=["law"])).status_code == status
    if name == "ratings" and person in ("editor", "teammate"):
        home = client.get("/i/law/").content.decode()
        assert ("/i/law/ratings/" in home) == (person == "editor")
