"""The second line, from a question to a measured answer, with real retrieval."""

from contextlib import aclosing
from typing import Any

import pytest

from chat.answering import Question, answer_question
from chat.answers.events import Answered, AnswerEvent, Sources, Stage, Text
from chat.answers.transcript import Transcript
from inference.catalogue import choose_model, within_instance
from inference.llm.backend import ChatMessage
from tests.cast import Cast
from tests.scripted_llm import Act, Reply, ScriptedLLM, chunk, json_reply, stream

ABOUT_LEAVE = "Combien de jours de congé ont les doctorants ?"

pytestmark = pytest.mark.usefixtures("closed_connections")


def question(library: Cast, text: str, model: str = "", **fields: object) -> Question:
    return Question(instance=library.instance, text=text, model=choose_model(model), **fields)


async def events_of(asked: Question) -> list[AnswerEvent]:
    transcript = Transcript(model_id=asked.model.id)
    async with aclosing(answer_question(asked, transcript)) as events:
        return [event async for event in events]


def ending_of(events: list[AnswerEvent]) -> Answered:
    ending = events[-1]
    assert isinstance(ending, Answered)
    return ending


async def test_extracts_are_quoted_and_measured(library: Cast) -> None:
    events = await events_of(question(library, ABOUT_LEAVE, "extractive"))
    ending = ending_of(events)
    assert ending.outcome == "complete"
    assert "vingt-cinq jours de congé" in ending.text
    assert "vingt-cinq jours" in ending.quotes[1]
    assert ending.usage is None
    assert ending.cpu_seconds > 0
    assert [type(event) for event in events] == [Stage, Sources, Stage, Text, Answered]


async def test_model_answers_from_passages_and_its_citation_is_verified(
    library: Cast, llm: ScriptedLLM
) -> None:
    llm.script(stream("Les doctorants ont ", "vingt-cinq jours [1]."))
    events = await events_of(question(library, ABOUT_LEAVE))
    ending = ending_of(events)
    assert ending.text == "Les doctorants ont vingt-cinq jours [1]."
    assert "doctorants contractuels" in ending.quotes[1]
    assert "vingt-cinq jours" in llm.requests[0].last_message
    assert ending.usage is not None


@pytest.mark.parametrize("salted", [True, False], ids=["a-cache-each", "one-cache"])
async def test_instances_share_a_prefix_cache_only_if_they_may(
    library: Cast, llm: ScriptedLLM, settings: Any, salted: bool
) -> None:
    settings.LLM_CACHE_SALT = salted
    model = choose_model("")
    mine, theirs = (
        within_instance(model, instance) for instance in (library.instance, library.other_instance)
    )
    assert (mine == theirs) is not salted

    llm.script(stream("Vingt-cinq [1]."))
    await events_of(question(library, ABOUT_LEAVE))
    assert ("cache_salt" in llm.requests[0].body) is salted


async def test_without_a_good_passage_no_model_is_called(library: Cast, llm: ScriptedLLM) -> None:
    asked = question(library, "Quelle est la distance de la Terre à la galaxie d'Andromède ?")
    ending = ending_of(await events_of(asked))
    assert ending.outcome == "nothing_found"
    assert ".txt" in ending.text
    assert llm.requests == []


async def test_question_restricted_to_a_document_sees_no_other(library: Cast) -> None:
    from ingestion.models import Document
    from instances.tenancy import in_tenant

    library_rules = await in_tenant(library.instance, Document.objects.get, name="bibliotheque.txt")
    asked = question(
        library, "Combien d'ouvrages ?", "extractive", document_ids=(library_rules.pk,)
    )
    events = await events_of(asked)
    sources = next(event for event in events if isinstance(event, Sources))
    assert {chunk.document_name for chunk in sources.chunks} == {"bibliotheque.txt"}


async def test_follow_up_is_searched_with_its_conversation(library: Cast) -> None:
    history = (
        ChatMessage("user", "Combien de jours de congé ont les maîtres de conférences ?"),
        ChatMessage("assistant", "Quarante jours [1]."),
    )
    asked = question(library, "Et pour les doctorants ?", "extractive", history=history)
    ending = ending_of(await events_of(asked))
    assert "vingt-cinq jours" in ending.text


async def test_model_that_is_down_gives_way_to_extracts(library: Cast, llm: ScriptedLLM) -> None:
    llm.script(*[json_reply({"error": {"message": "no"}}, status=500) for _ in range(5)])
    ending = ending_of(await events_of(question(library, ABOUT_LEAVE)))
    assert ending.outcome == "complete"
    assert ending.model_id == "extractive"
    assert ending.error_code == "backend_unavailable"
    assert ending.usage is None
    assert "vingt-cinq jours" in ending.text


async def test_model_that_says_nothing_gives_way_to_extracts(
    library: Cast, llm: ScriptedLLM
) -> None:
    llm.script(stream())
    ending = ending_of(await events_of(question(library, ABOUT_LEAVE)))
    assert (ending.outcome, ending.error_code) == ("complete", "empty_answer")
    assert "vingt-cinq jours" in ending.text


async def test_stream_cut_in_the_middle_keeps_what_came(library: Cast, llm: ScriptedLLM) -> None:
    llm.script(Reply([chunk("Les doctorants ont [1]"), Act.CUT]))
    ending = ending_of(await events_of(question(library, ABOUT_LEAVE)))
    assert ending.outcome == "failed"
    assert ending.error_code == "truncated_stream"
    assert ending.text == "Les doctorants ont [1]"
    assert ending.usage is not None
    assert ending.usage.estimated


async def test_prompt_too_long_is_tried_once_more_shorter(library: Cast, llm: ScriptedLLM) -> None:
    overflow = {
        "object": "error",
        "message": "This model's maximum context length is 600 tokens.",
        "type": "BadRequestError",
        "code": 400,
    }
    llm.script(json_reply(overflow, status=400), stream("Vingt-cinq [1]."))
    ending = ending_of(await events_of(question(library, ABOUT_LEAVE)))
    assert ending.outcome == "complete"
    first, second = llm.requests
    assert len(second.last_message) <= len(first.last_message)


async def test_answer_stopped_in_the_middle_ends_as_stopped(
    library: Cast, llm: ScriptedLLM
) -> None:
    llm.script(Reply([chunk("Les doctorants "), Act.HOLD]))
    transcript = Transcript(model_id="scripted")
    async with aclosing(answer_question(question(library, ABOUT_LEAVE), transcript)) as events:
        async for event in events:
            if isinstance(event, Text):
                break
    ending = transcript.ending()
    assert (ending.outcome, ending.text) == ("stopped", "Les doctorants ")
    llm.wait_until(lambda: llm.requests[0].left_early)


async def test_search_that_is_down_is_told(library: Cast, no_embeddings: None) -> None:
    ending = ending_of(await events_of(question(library, ABOUT_LEAVE, "extractive")))
    assert (ending.outcome, ending.error_code) == ("failed", "search_unavailable")
