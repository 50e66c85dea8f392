"""Passages, turns and questions above the clearance of a model are not sent to it."""

from contextlib import aclosing
from typing import Any

import httpx
import openai
import pytest

from chat.answering import Question, answer_question
from chat.answers.result import AnswerResult
from chat.conversations.turns import history_before
from chat.models import Message
from inference.catalogue import choose_model
from inference.llm.backend import ChatMessage
from ingestion.documents.sensitivity import classify
from ingestion.models import Document
from instances.access.api_keys import create_api_key
from instances.models import AuditEntry, Instance, Sensitivity
from instances.tenancy import in_database, tenant
from tests.cast import Cast
from tests.factories import CitationFactory, MessageFactory
from tests.scripted_llm import ScriptedLLM, stream
from usage.models import AnswerStatus

ABOUT_LEAVE = "Combien de jours de congé ont les doctorants ?"
ABOUT_DEPARTURE = "Que faut-il demander ou signer avant le départ ?"

pytestmark = pytest.mark.usefixtures("closed_connections")


def restrict(instance: Instance, *names: str) -> None:
    """Restrict some documents, or all."""
    with tenant(instance):
        chosen = Document.objects.filter(name__in=names) if names else Document.objects.all()
        for document in chosen:
            classify(document, Sensitivity.RESTRICTED)


def refusals(instance: Instance) -> list[AuditEntry]:
    with tenant(instance):
        return list(AuditEntry.objects.filter(action="sending.refused"))


async def result_of(instance: Instance, text: str, **fields: Any) -> AnswerResult:
    """Answer a question with the LLM of the settings."""
    model = await in_database(choose_model, instance, "scripted")
    asked = Question(instance=instance, text=text, model=model, **fields)
    result = AnswerResult.empty(model.figures)
    async with aclosing(answer_question(asked)) as events:
        async for event in events:
            result = result.add(event, elapsed_ms=0.0)
    return result.end(AnswerStatus.STOPPED, elapsed_ms=0.0)


@pytest.fixture
def internal_llm(llm: ScriptedLLM, settings: Any) -> ScriptedLLM:
    """The language model, whose server may receive internal documents at most."""
    settings.LLM_SENSITIVITY = "internal"
    return llm


async def test_restricted_passages_are_left_out_of_the_prompt_and_marked(
    library: Cast, internal_llm: ScriptedLLM
) -> None:
    library.instance.strictness = "lenient"
    await in_database(restrict, library.instance, "conges.txt")
    internal_llm.script(stream("L'ordre de mission [1]. Ou [3]."))
    result = await result_of(library.instance, ABOUT_DEPARTURE)
    sent = internal_llm.requests[0].last_message
    assert "ordre de mission" in sent
    assert "service du personnel" not in sent
    assert (result.status, result.error_code) == ("complete", "passages_withheld")
    assert [chunk.document_name for chunk in result.chunks if chunk.is_withheld] == ["conges.txt"]
    # The numbers of the others are those of the prompt; a withheld one cannot be cited.
    assert result.chunks[0].document_name == "missions.txt"
    assert list(result.quotes) == [1]
    assert result.sensitivity == "internal"
    (entry,) = await in_database(refusals, library.instance)
    assert (entry.target, entry.detail) == (
        "scripted", {"sensitivity": "restricted", "passages": 1}
    )  # fmt: skip


async def test_no_model_is_called_when_the_relevant_passages_are_restricted(
    library: Cast, internal_llm: ScriptedLLM
) -> None:
    await in_database(restrict, library.instance)
    result = await result_of(library.instance, ABOUT_LEAVE)
    assert internal_llm.requests == []
    # Extracts are made on this machine.
    assert (result.status, result.model_id) == ("complete", "extractive")
    assert result.error_code == "not_cleared"
    assert "vingt-cinq jours" in result.text
    assert result.sensitivity == "restricted"
    assert not any(chunk.is_withheld for chunk in result.chunks)
    assert len(await in_database(refusals, library.instance)) == 1


async def test_turns_above_the_clearance_are_neither_rewritten_nor_answered_with(
    library: Cast, internal_llm: ScriptedLLM
) -> None:
    history = (
        ChatMessage("user", "Combien de congés les maîtres ont-ils ?", Sensitivity.INTERNAL),
        ChatMessage("assistant", "Secret : quarante.", Sensitivity.RESTRICTED),
    )
    internal_llm.script(stream("Combien de jours de congé ont les doctorants ?"), stream("25 [1]."))
    await result_of(library.instance, "Et pour les doctorants ?", history=history)
    assert len(internal_llm.requests) == 2
    assert "Secret" not in str([request.body for request in internal_llm.requests])


def test_answer_is_as_sensitive_as_its_passages_are_now(library: Cast) -> None:
    instance = library.instance
    with tenant(instance):
        document = Document.objects.get(name="conges.txt")
    first = MessageFactory(instance=instance, content="Combien ?")
    answer = MessageFactory(
        instance=instance, conversation=first.conversation, parent=first,
        role=Message.Role.ASSISTANT, content="Quarante [1].",
    )  # fmt: skip
    CitationFactory(instance=instance, message=answer, document=document)
    asked = MessageFactory(instance=instance, conversation=first.conversation, parent=answer)

    def levels() -> list[str]:
        with tenant(instance):
            return [turn.sensitivity.value for turn in history_before(asked, instance)]

    assert levels() == ["internal", "internal"]
    restrict(instance, "conges.txt")
    assert levels() == ["internal", "restricted"]


async def test_question_too_sensitive_for_the_search_is_refused(
    library: Cast, settings: Any
) -> None:
    settings.EMBEDDING_SENSITIVITY = "public"
    model = await in_database(choose_model, library.instance, "extractive")
    asked = Question(instance=library.instance, text=ABOUT_LEAVE, model=model)
    result = AnswerResult.empty(model.figures)
    async for event in answer_question(asked):
        result = result.add(event, elapsed_ms=0.0)
    assert (result.status, result.error_code) == ("failed", "search_not_cleared")
    assert len(await in_database(refusals, library.instance)) == 1


def test_client_of_the_api_is_told_why(library: Cast, internal_llm: ScriptedLLM, site: str) -> None:
    restrict(library.instance)
    _key, plaintext = create_api_key(
        instance=library.instance, name="test", scope="chat", created_by=library.owner
    )
    client = openai.OpenAI(base_url=f"{site}/v1", api_key=plaintext, max_retries=0)
    messages: Any = [{"role": "user", "content": ABOUT_LEAVE}]
    with pytest.raises(openai.PermissionDeniedError) as refused:
        client.chat.completions.create(model="scripted", messages=messages)
    assert refused.value.code == "not_cleared"
    with tenant(library.instance):
        classify(Document.objects.get(name="bibliotheque.txt"), Sensitivity.INTERNAL)
    # What it sends as answers may come from a restricted document.
    before = [messages[0], {"role": "assistant", "content": "Vingt-cinq."}]
    internal_llm.script(stream("Douze ouvrages [1]."))
    question = {"role": "user", "content": "Combien d'ouvrages prête la bibliothèque ?"}
    client.chat.completions.create(model="scripted", messages=[*before, question])
    assert "Vingt-cinq" not in str(internal_llm.requests[0].body)


def test_response_annotates_no_withheld_document(
    library: Cast, internal_llm: ScriptedLLM, site: str
) -> None:
    with tenant(library.instance):
        library.instance.strictness = "lenient"
        library.instance.save(update_fields=["strictness"])
    restrict(library.instance, "conges.txt")
    _key, plaintext = create_api_key(
        instance=library.instance, name="test", scope="chat", created_by=library.owner
    )
    internal_llm.script(stream("L'ordre de mission [1]. Ou [3]."))
    client = openai.OpenAI(base_url=f"{site}/v1", api_key=plaintext, max_retries=0)
    response = client.responses.create(model="scripted", input=ABOUT_DEPARTURE)
    (message,) = response.output
    assert [one.filename for one in message.content[0].annotations] == ["missions.txt"]


def test_programs_are_told_that_the_search_may_not_receive_their_texts(
    library: Cast, settings: Any, site: str
) -> None:
    settings.EMBEDDING_SENSITIVITY = "public"
    _key, plaintext = create_api_key(
        instance=library.instance, name="test", scope="chat", created_by=library.owner
    )
    client = openai.OpenAI(base_url=f"{site}/v1", api_key=plaintext, max_retries=0)
    with pytest.raises(openai.PermissionDeniedError) as refused:
        client.embeddings.create(model=str(settings.EMBEDDING_MODEL), input="un")
    assert refused.value.code == "not_cleared"
    found = httpx.post(
        f"{site}/api/v1/search", json={"query": "congés"}, headers=client.auth_headers
    )
    assert (found.status_code, found.json()["error"]["code"]) == (403, "not_cleared")
    entries = refusals(library.instance)
    assert [entry.target for entry in entries] == [settings.EMBEDDING_MODEL] * 2
    assert [entry.detail["sensitivity"] for entry in entries] == ["internal"] * 2
