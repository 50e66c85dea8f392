"""JSON that scripts never send to the pages of a conversation is refused, and changes nothing."""

from typing import Any

import pytest
from django.test import Client

from chat.models import Feedback, Message
from instances.tenancy import tenant
from tests.cast import Cast, make_cast
from tests.factories import ConversationFactory, MessageFactory

WRONG_QUESTIONS = {
    "no JSON": b"{",
    "a list": b"[]",
    "object for a question": b'{"question": {"a": 1}}',
    "list for a question": b'{"question": ["a"]}',
    "object for a model": b'{"question": "a", "model": {}}',
    "objects for documents": b'{"question": "a", "document_ids": [{}]}',
    "text for documents": b'{"question": "a", "document_ids": "a"}',
    "NUL": b'{"question": "a\\u0000b"}',
    "half a character": b'{"question": "\\ud800"}',
    "NaN": b'{"question": NaN}',
    "another charset": b'{"question": "\xe9"}',
    "depth": b'{"question": "a", "more": ' + b"[" * 3000,
}
pytestmark = pytest.mark.django_db(transaction=True)
by_content = pytest.mark.parametrize("content", WRONG_QUESTIONS.values(), ids=WRONG_QUESTIONS)


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


@by_content
def test_wrong_question_is_refused(cast: Cast, client_for: Any, content: bytes) -> None:
    client: Client = client_for(cast.teammate)
    response = client.post("/i/law/ask/", content, content_type="application/json")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request")
    with tenant(cast.instance):
        assert not Message.objects.exists()


@pytest.mark.parametrize("helpful", ['"maybe"', "2", "{}", "[true]", '"\\u0000"'])
def test_wrong_rating_does_not_remove_the_rating(cast: Cast, client_for: Any, helpful: str) -> None:
    conversation = ConversationFactory(instance=cast.instance, user=cast.teammate)
    answer = MessageFactory(
        instance=cast.instance, conversation=conversation, role=Message.Role.ASSISTANT
    )
    client: Client = client_for(cast.teammate)
    url = f"/i/law/m/{answer.pk}/feedback/"
    json = "application/json"
    assert client.post(url, '{"helpful": true}', content_type=json).status_code == 204
    wrong = client.post(url, f'{{"helpful": {helpful}}}', content_type=json)
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "bad_request")
    with tenant(cast.instance):
        assert Feedback.objects.get().helpful
