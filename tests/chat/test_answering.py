"""The second line, from a question to a measured answer, with real retrieval."""

from contextlib import aclosing
from typing import Any

import pytest

from chat.answering import Question, answer_question
from chat.answers.events import AnswerEvent, Extracted, Stage
from chat.answers.follow_up import SearchQuery
from chat.answers.measured_requests import measured_requests
from chat.answers.result import AnswerResult
from chat.answers.verification.checking import Verified
from chat.extras import Extras
from inference.catalogue import choose_model
from inference.chat_options import ChatOptions
from inference.llm.backend import ChatMessage
from inference.llm.events import TextDelta
from inference.offered_models import EXTRACTS, ModelFigures
from instances.models import Sensitivity
from instances.tenancy import in_database
from retrieval.search import SearchResult
from tests.cast import Cast
from tests.scripted_llm import Act, Reply, ScriptedLLM, chunk, json_reply, stream
from usage.models import AnswerStatus
from usage.recording import CheckedSentences

WRITTEN = ModelFigures(id="scripted")
ABOUT_LEAVE = "Combien de jours de congé ont les doctorants ?"

pytestmark = pytest.mark.usefixtures("closed_connections")


async def question(library: Cast, text: str, model: str = "", **fields: object) -> Question:
    chosen = await in_database(choose_model, library.instance, model)
    return Question(instance=library.instance, text=text, model=chosen, **fields)


async def events_of(asked: Question) -> list[AnswerEvent]:
    async with aclosing(answer_question(asked)) as events:
        return [event async for event in events]


def result_of(events: list[AnswerEvent], model: ModelFigures = WRITTEN) -> AnswerResult:
    result = AnswerResult.empty(model)
    for event in events:
        result = result.add(event, elapsed_ms=0.0)
    return result.end(AnswerStatus.STOPPED, elapsed_ms=0.0)


async def test_extracts_are_quoted_and_measured(library: Cast) -> None:
    events = await events_of(await question(library, ABOUT_LEAVE, "extractive"))
    result = result_of(events, EXTRACTS.figures)
    assert result.status == "complete"
    assert "vingt-cinq jours de congé" in result.text
    assert "vingt-cinq jours" in result.quotes[1]
    assert result.usage is None
    assert result.found is not None
    assert result.found.processor_seconds > 0
    assert result.extraction_seconds > 0
    assert [type(event) for event in events] == [
        Stage, SearchQuery, SearchResult, Stage, Extracted,
    ]  # fmt: skip


async def test_model_answers_from_passages_and_its_citation_is_verified(
    library: Cast, llm: ScriptedLLM
) -> None:
    llm.script(stream("Les doctorants ont ", "vingt-cinq jours [1]."))
    events = await events_of(await question(library, ABOUT_LEAVE))
    result = result_of(events)
    assert result.text == "Les doctorants ont vingt-cinq jours [1]."
    assert "doctorants contractuels" in result.quotes[1]
    assert "vingt-cinq jours" in llm.requests[0].last_message
    assert result.usage is not None


@pytest.mark.parametrize("salted", [True, False], ids=["a-cache-each", "one-cache"])
async def test_prefix_cache_is_shared_between_instances_only_without_salt(
    library: Cast, llm: ScriptedLLM, settings: Any, salted: bool
) -> None:
    settings.LLM_CACHE_SALT = salted
    mine, theirs = [
        await in_database(choose_model, instance, "")
        for instance in (library.instance, library.other_instance)
    ]
    assert (mine == theirs) is not salted

    llm.script(stream("Vingt-cinq [1]."))
    await events_of(await question(library, ABOUT_LEAVE))
    assert ("cache_salt" in llm.requests[0].body) is salted


async def test_without_a_good_passage_no_model_is_called(library: Cast, llm: ScriptedLLM) -> None:
    asked = await question(library, "Quelle est la distance de la Terre à la galaxie d'Andromède ?")
    result = result_of(await events_of(asked))
    assert result.status == "nothing_found"
    assert ".txt" in result.text
    assert llm.requests == []


async def test_model_that_finds_no_answer_is_recorded_as_nothing_found(
    library: Cast, llm: ScriptedLLM
) -> None:
    llm.script(stream("Les passages ne ", "précisent pas ce point [1]."))
    result = result_of(await events_of(await question(library, ABOUT_LEAVE)))
    assert result.status == "nothing_found"
    assert result.text.startswith("Les passages ne précisent pas ce point")
    assert "conges.txt" in result.text
    assert not result.quotes
    assert not result.is_reusable
    assert result.usage is not None


async def test_question_restricted_to_a_document_sees_no_other(library: Cast) -> None:
    from ingestion.models import Document
    from instances.tenancy import in_tenant

    library_rules = await in_tenant(library.instance, Document.objects.get, name="bibliotheque.txt")
    asked = await question(
        library, "Combien d'ouvrages ?", "extractive", document_ids=(library_rules.pk,)
    )
    events = await events_of(asked)
    found = next(event for event in events if isinstance(event, SearchResult))
    assert {chunk.document_name for chunk in found.chunks} == {"bibliotheque.txt"}


async def test_follow_up_is_searched_with_its_conversation(library: Cast) -> None:
    history = (
        ChatMessage(
            "user",
            "Combien de jours de congé ont les maîtres de conférences ?",
            Sensitivity.INTERNAL,
        ),
        ChatMessage("assistant", "Quarante jours [1].", Sensitivity.INTERNAL),
    )
    asked = await question(library, "Et pour les doctorants ?", "extractive", history=history)
    result = result_of(await events_of(asked))
    assert "vingt-cinq jours" in result.text


async def test_extracts_replace_a_model_that_is_unavailable(
    library: Cast, llm: ScriptedLLM
) -> None:
    llm.script(*[json_reply({"error": {"message": "no"}}, status=500) for _ in range(5)])
    result = result_of(await events_of(await question(library, ABOUT_LEAVE)))
    assert result.status == "complete"
    assert result.model_id == "extractive"
    assert result.error_code == "backend_unavailable"
    assert result.usage is None
    assert "vingt-cinq jours" in result.text


async def test_extracts_replace_an_empty_answer(library: Cast, llm: ScriptedLLM) -> None:
    llm.script(stream())
    result = result_of(await events_of(await question(library, ABOUT_LEAVE)))
    assert (result.status, result.error_code) == ("complete", "empty_answer")
    assert "vingt-cinq jours" in result.text


async def test_interrupted_stream_keeps_its_text(library: Cast, llm: ScriptedLLM) -> None:
    llm.script(Reply([chunk("Les doctorants ont [1]"), Act.CUT]))
    result = result_of(await events_of(await question(library, ABOUT_LEAVE)))
    assert result.status == "failed"
    assert result.error_code == "truncated_stream"
    assert result.text == "Les doctorants ont [1]"
    assert result.usage is not None
    assert result.usage.estimated


async def test_prompt_too_long_is_tried_once_more_shorter(library: Cast, llm: ScriptedLLM) -> None:
    overflow = {
        "object": "error",
        "message": "This model's maximum context length is 600 tokens.",
        "type": "BadRequestError",
        "code": 400,
    }
    llm.script(json_reply(overflow, status=400), stream("Vingt-cinq [1]."))
    result = result_of(await events_of(await question(library, ABOUT_LEAVE)))
    assert result.status == "complete"
    first, second = llm.requests
    assert len(second.last_message) <= len(first.last_message)


async def test_answer_stopped_in_the_middle_ends_as_stopped(
    library: Cast, llm: ScriptedLLM
) -> None:
    llm.script(Reply([chunk("Les doctorants "), Act.HOLD]))
    received: list[AnswerEvent] = []
    async with aclosing(answer_question(await question(library, ABOUT_LEAVE))) as events:
        async for event in events:
            received.append(event)
            if isinstance(event, TextDelta):
                break
    result = result_of(received)
    assert (result.status, result.text) == ("stopped", "Les doctorants ")
    llm.wait_until(lambda: llm.requests[0].left_early)


async def test_unavailable_search_fails_the_answer(library: Cast, no_embeddings: None) -> None:
    result = result_of(await events_of(await question(library, ABOUT_LEAVE, "extractive")))
    assert (result.status, result.error_code) == ("failed", "search_unavailable")


async def test_sentence_that_no_passage_supports_is_marked(library: Cast, llm: ScriptedLLM) -> None:
    llm.script(
        stream("Les doctorants contractuels ont droit à ", "trente jours de congé par an [1].")
    )
    events = await events_of(await question(library, ABOUT_LEAVE))
    assert isinstance(events[-1], Verified)
    result = result_of(events)
    assert measured_requests(result)[0].sentences == CheckedSentences(checked=1, unsupported=1)
    verification = result.verification
    assert verification is not None
    (marked,) = verification.sentences
    assert (marked.said, marked.found) == ("trente jours", "vingt-cinq jours")
    assert (verification.checked, verification.supported) == (1, 0)


async def test_wrong_citation_is_moved_to_the_passage_that_supports(
    library: Cast, llm: ScriptedLLM
) -> None:
    said = "Les doctorants contractuels ont droit à vingt-cinq jours de congé par an"
    llm.script(stream(said, " [2]."))
    result = result_of(await events_of(await question(library, ABOUT_LEAVE)))
    assert result.text == f"{said} [1]."
    assert list(result.quotes) == [1]
    assert measured_requests(result)[0].sentences == CheckedSentences(checked=1, moved=1)


async def test_json_is_not_checked(library: Cast, llm: ScriptedLLM) -> None:
    llm.script(stream('{"jours": ', "30}"))
    extras = Extras(options=ChatOptions(response_format={"type": "json_object"}))
    asked = await question(library, ABOUT_LEAVE, extras=extras)
    result = result_of(await events_of(asked))
    assert (result.text, result.verification) == ('{"jours": 30}', None)
