"""A follow-up is searched together with what it follows."""

import pytest

from chat.follow_up import depends_on_conversation, self_contained_question
from inference.catalogue import LanguageModel
from inference.chat.backend import ChatBackend, ChatMessage
from tests.scripted_llm import ScriptedLLM, stream

EXTRACTS = LanguageModel(id="extractive", label="", description="")
HISTORY = (
    ChatMessage("user", "Combien de jours de congé ont les maîtres de conférences ?"),
    ChatMessage("assistant", "Ils ont vingt-cinq jours [1]."),
)
FOLLOW_UP = "Et pour les doctorants ?"


@pytest.mark.parametrize(
    "question",
    [
        "Et pour les doctorants ?",
        "Pourquoi ?",
        "Sont-ils payés pendant cette période de congé annuel obligatoire ?",
        "What about the doctoral students of the other faculty?",
        "Where can they be sent when the office is closed for the holidays?",
    ],
)
def test_follow_ups_are_recognised(question: str) -> None:
    assert depends_on_conversation(question)


@pytest.mark.parametrize(
    "question",
    [
        "Quelle est la durée maximale d'un contrat doctoral à l'université ?",
        "How many days of annual leave does a lecturer have at the university?",
    ],
)
def test_whole_questions_are_left_alone(question: str) -> None:
    assert not depends_on_conversation(question)


async def test_without_llm_the_question_before_is_put_in_front() -> None:
    query = await self_contained_question(FOLLOW_UP, HISTORY, EXTRACTS)
    assert "congé" in query
    assert query.endswith(FOLLOW_UP)


async def test_first_question_is_searched_as_it_is() -> None:
    assert await self_contained_question(FOLLOW_UP, (), EXTRACTS) == FOLLOW_UP


async def test_llm_rewrites_the_question(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, closed_connections: None
) -> None:
    scripted_llm.script(stream("Combien de jours de congé ont les doctorants ?"))
    model = LanguageModel(id="scripted", label="", description="", backend=chat_backend)
    query = await self_contained_question(FOLLOW_UP, HISTORY, model)
    assert query == "Combien de jours de congé ont les doctorants ?"
    assert "maîtres de conférences" in scripted_llm.requests[0].last_message


async def test_rambling_or_failing_llm_is_not_believed(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, closed_connections: None
) -> None:
    scripted_llm.script(stream("Sure!\n\nHere are some questions:\n1. …"))
    model = LanguageModel(id="scripted", label="", description="", backend=chat_backend)
    query = await self_contained_question(FOLLOW_UP, HISTORY, model)
    assert query.endswith(FOLLOW_UP)
    assert "congé" in query
