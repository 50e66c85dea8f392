"""A follow-up is searched together with what it follows."""

import pytest

from chat.answers.follow_up import depends_on_conversation, write_search_query
from inference.llm.backend import ChatBackend, ChatMessage
from inference.offered_models import EXTRACTS, ModelFigures, OfferedModel
from instances.models import Sensitivity
from tests.scripted_llm import Act, Reply, ScriptedLLM, stream

HISTORY = (
    ChatMessage(
        "user", "Combien de jours de congé ont les maîtres de conférences ?", Sensitivity.INTERNAL
    ),
    ChatMessage("assistant", "Ils ont vingt-cinq jours [1].", Sensitivity.INTERNAL),
)


def written_by(backend: ChatBackend) -> OfferedModel:
    return OfferedModel(
        figures=ModelFigures(id="scripted"), label="", description="", backend=backend
    )


FOLLOW_UP = "Et pour les doctorants ?"
ASKED = ChatMessage("user", FOLLOW_UP, Sensitivity.INTERNAL)


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
def test_self_contained_questions_are_recognised(question: str) -> None:
    assert not depends_on_conversation(question)


async def test_previous_question_is_prepended_without_an_llm() -> None:
    query = (await write_search_query(ASKED, HISTORY, EXTRACTS)).text
    assert "congé" in query
    assert query.endswith(FOLLOW_UP)


async def test_first_question_is_searched_as_it_is() -> None:
    assert (await write_search_query(ASKED, (), EXTRACTS)).text == FOLLOW_UP


async def test_llm_rewrites_the_question(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, closed_connections: None
) -> None:
    scripted_llm.script(stream("Combien de jours de congé ont les doctorants ?"))
    model = written_by(chat_backend)
    query = (await write_search_query(ASKED, HISTORY, model)).text
    assert query == "Combien de jours de congé ont les doctorants ?"
    assert "maîtres de conférences" in scripted_llm.requests[0].last_message


async def test_implausible_or_failed_rewriting_is_not_used(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, closed_connections: None
) -> None:
    scripted_llm.script(stream("Sure!\n\nHere are some questions:\n1. …"))
    model = written_by(chat_backend)
    query = (await write_search_query(ASKED, HISTORY, model)).text
    assert query.endswith(FOLLOW_UP)
    assert "congé" in query


async def test_usage_of_late_rewriting_is_counted(
    scripted_llm: ScriptedLLM,
    chat_backend: ChatBackend,
    closed_connections: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chat.answers.follow_up.REWRITE_TIMEOUT_S", 0.3)
    scripted_llm.script(Reply([Act.HOLD]))
    model = written_by(chat_backend)
    late = await write_search_query(ASKED, HISTORY, model)
    assert late.text.endswith(FOLLOW_UP)
    assert late.usage is not None
    assert late.usage.prompt_tokens > 20
    assert (late.usage.completion_tokens, late.usage.estimated) == (0, True)


async def test_usage_of_unusable_rewriting_is_counted(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, closed_connections: None
) -> None:
    scripted_llm.script(stream("Sure!\n\nHere are some questions:\n1. …"))
    model = written_by(chat_backend)
    useless = await write_search_query(ASKED, HISTORY, model)
    assert useless.usage is not None
    assert (useless.usage.prompt_tokens, useless.usage.completion_tokens) == (11, 7)
