"""The official OpenAI client against a real server, unchanged."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import openai
import pytest

from chat import answering
from inference.llm.events import TextDelta
from instances.tenancy import tenant
from tests.cast import Cast
from tests.fixtures.waiting import wait_until
from tests.scripted_llm import Act, Reply, ScriptedLLM, chunk, json_reply, stream
from usage.models import UsageRecord
from usage.subjects.classifier import MIN_MARGIN

ABOUT_LEAVE = [{"role": "user", "content": "Combien de jours de congé ont les doctorants ?"}]


def test_models_are_listed(client: openai.OpenAI, llm: ScriptedLLM) -> None:
    assert [model.id for model in client.models.list()] == ["extractive", "scripted"]


def test_one_model_can_be_read(client: openai.OpenAI, llm: ScriptedLLM) -> None:
    assert client.models.retrieve("scripted").id == "scripted"
    with pytest.raises(openai.NotFoundError) as refused:
        client.models.retrieve("gpt-4")
    assert refused.value.code == "model_not_found"


def test_whole_answer_carries_citations_and_impact(client: openai.OpenAI, llm: ScriptedLLM) -> None:
    llm.script(stream("Vingt-cinq jours [1]."))
    answer = client.chat.completions.create(model="scripted", messages=ABOUT_LEAVE)
    assert answer.choices[0].message.content == "Vingt-cinq jours [1]."
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    (citation,) = answer.model_extra["citations"]
    assert (citation["number"], citation["document"], citation["page"]) == (1, "conges.txt", 1)
    assert "vingt-cinq jours" in citation["quote"]
    assert answer.model_extra["impact"]["energy_wh"] > 0
    assert answer.model_extra["impact"]["method"] == "modelled"


def test_streamed_answer_ends_with_citations_and_usage(
    client: openai.OpenAI, llm: ScriptedLLM, library: Cast
) -> None:
    llm.script(stream("Vingt-cinq ", "jours [1]."))
    chunks = list(
        client.chat.completions.create(
            model="scripted",
            messages=ABOUT_LEAVE,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    said = "".join(part.choices[0].delta.content or "" for part in chunks if part.choices)
    assert said == "Vingt-cinq jours [1]."
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens > 0
    assert chunks[-1].model_extra["citations"][0]["document"] == "conges.txt"
    assert chunks[-2].choices[0].finish_reason == "stop"
    with tenant(library.instance):
        assert UsageRecord.objects.get(kind="answer").outcome == "complete"


def test_every_request_of_a_question_is_recorded_once(
    client: openai.OpenAI, llm: ScriptedLLM, library: Cast, subjects: None
) -> None:
    """Rewriting, search and answer: tokens and energy of an answer are sums over its records."""
    llm.script(
        stream("Combien de jours de congé ont les doctorants ?"), stream("Vingt-cinq jours [1].")
    )
    history = [
        {"role": "user", "content": "Combien de jours ont les maîtres de conférences ?"},
        {"role": "assistant", "content": "Quarante."},
        {"role": "user", "content": "Et pour les doctorants ?"},
    ]
    answer = client.chat.completions.create(model="scripted", messages=history)
    assert len(llm.requests) == 2
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (22, 14)
    with tenant(library.instance):
        found = UsageRecord.objects.exclude(kind="ingestion")
        records = {record.kind: record for record in found}
    assert set(records) == {"answer", "rewriting", "embedding"}
    written, rewritten, found = records["answer"], records["rewriting"], records["embedding"]
    assert {record.request_id for record in records.values()} == {written.request_id}
    for record in (written, rewritten):
        assert (record.prompt_tokens, record.completion_tokens) == (11, 7)
        assert (record.method, record.model) == ("modelled", "scripted")
        assert 0 < record.energy_min_wh < record.energy_wh < record.energy_max_wh
        assert record.energy_wh == pytest.approx(record.prefill_wh + record.decode_wh)
    assert (found.method, found.energy_wh > 0) == ("local", True)
    # The subject is that of the question, once.
    assert (written.subject, rewritten.subject, found.subject) == ("650", "", "")
    assert written.subject_margin >= MIN_MARGIN
    impact = answer.model_extra["impact"]
    assert set(impact) == {"energy_wh", "gco2e", "method"}
    # Figures of different methods are not added up.
    assert impact["energy_wh"] == pytest.approx(written.energy_wh + rewritten.energy_wh)
    assert written.organisation == library.instance.organisation
    assert written.pseudonym == written.user.pseudonym
    with tenant(library.other_instance):
        assert not UsageRecord.objects.filter(kind="answer").exists()


def test_processor_time_is_that_of_our_own_machines(
    client: openai.OpenAI, library: Cast, scripted_llm: ScriptedLLM, settings: Any
) -> None:
    """What the model server says it took is counted; the time waited for it is not."""
    waited_s, computed_s = 1.5, 40.25
    vector = {"data": [{"index": 0, "embedding": [1.0] * 384}]}
    body = json.dumps(vector | {"usage": {"processor_seconds": computed_s}}).encode()
    scripted_llm.script(Reply([waited_s, body], headers={"Content-Type": "application/json"}))
    settings.EMBEDDING_BASE_URL = scripted_llm.base_url
    answer = client.chat.completions.create(model="extractive", messages=ABOUT_LEAVE)
    with tenant(library.instance):
        written = UsageRecord.objects.get(kind="answer")
        found = UsageRecord.objects.get(kind="embedding")
    assert written.is_extractive
    assert found.total_ms >= 1000 * waited_s
    assert computed_s <= found.cpu_seconds < computed_s + waited_s
    assert found.energy_wh == pytest.approx(found.cpu_seconds * settings.CPU_WATTS_PER_CORE / 3600)
    impact = answer.model_extra["impact"]
    assert impact["energy_wh"] == pytest.approx(written.energy_wh + found.energy_wh)


def test_extractive_model_answers_without_an_llm(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="extractive", messages=ABOUT_LEAVE)
    assert "vingt-cinq jours" in answer.choices[0].message.content
    assert answer.model_extra["impact"]["method"] == "local"


def test_unknown_model_returns_404(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="gpt-17", messages=ABOUT_LEAVE)
    assert caught.value.code == "model_not_found"


def test_wrong_key_returns_401(client: openai.OpenAI) -> None:
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="rag_wrong").models.list()


def test_unavailable_backend_returns_503(client: openai.OpenAI, llm: ScriptedLLM) -> None:
    llm.script(*[json_reply({"error": {"message": "secret detail"}}, status=500) for _ in range(5)])
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model="scripted", messages=ABOUT_LEAVE)
    assert caught.value.status_code == 503
    assert "secret detail" not in str(caught.value)


@pytest.mark.parametrize("words", [[], ["Vingt"]], ids=["before the first word", "after it"])
def test_failure_of_our_own_code_returns_500(
    client: openai.OpenAI, llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    async def broken(*_: Any) -> AsyncGenerator[TextDelta, None]:
        for word in words:
            yield TextDelta(word)
        raise RuntimeError("secret detail")

    monkeypatch.setattr(answering, "generate", broken)
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model="scripted", messages=ABOUT_LEAVE)
    assert (caught.value.status_code, caught.value.code) == (500, "internal")
    assert "model" not in caught.value.message
    assert "secret detail" not in caught.value.message


def test_interrupted_stream_ends_with_an_error(client: openai.OpenAI, llm: ScriptedLLM) -> None:
    llm.script(Reply([chunk("Vingt"), Act.CUT]))
    answer = client.chat.completions.create(model="scripted", messages=ABOUT_LEAVE, stream=True)
    with pytest.raises(openai.APIError):
        list(answer)


def test_client_that_leaves_stops_the_model_and_is_recorded(
    client: openai.OpenAI, llm: ScriptedLLM, library: Cast
) -> None:
    llm.script(Reply([chunk("Vingt"), Act.HOLD]))
    answer = client.chat.completions.create(model="scripted", messages=ABOUT_LEAVE, stream=True)
    for part in answer:
        if part.choices and part.choices[0].delta.content:
            break
    answer.close()
    llm.wait_until(lambda: llm.requests[0].left_early)

    def recorded() -> bool:
        with tenant(library.instance):
            return UsageRecord.objects.filter(outcome="stopped").exists()

    wait_until(recorded, "the record of the stopped answer")


def test_api_serves_many_answers_at_once(
    client: openai.OpenAI, llm: ScriptedLLM, site: str, settings: Any
) -> None:
    settings.ANSWERS_AT_ONCE_PER_KEY = settings.ANSWERS_AT_ONCE_PER_PERSON = 20

    async def ask_all() -> list[str]:
        many = openai.AsyncOpenAI(base_url=f"{site}/v1", api_key=client.api_key, max_retries=0)
        answers = await asyncio.gather(
            *(
                many.chat.completions.create(model="scripted", messages=ABOUT_LEAVE)
                for _ in range(20)
            )
        )
        return [answer.choices[0].message.content or "" for answer in answers]

    assert all("[1]" in text for text in asyncio.run(ask_all()))


def test_answer_under_way_is_recorded_as_failed_until_its_end(
    client: openai.OpenAI, llm: ScriptedLLM, library: Cast
) -> None:
    """If its process is killed, this record remains."""
    llm.script(Reply([chunk("Vingt-cinq "), Act.HOLD, chunk("jours."), b"data: [DONE]\n\n"]))
    pieces = client.chat.completions.create(model="scripted", messages=ABOUT_LEAVE, stream=True)
    answer_id = UUID(next(pieces).id.removeprefix("chatcmpl-"))

    def recorded() -> UsageRecord | None:
        with tenant(library.instance):
            return UsageRecord.objects.filter(request_id=answer_id, kind="answer").first()

    # The first record may come before the first words.
    wait_until(lambda: (record := recorded()) and record.completion_tokens)
    under_way = recorded()
    llm.release()
    list(pieces)
    ended = recorded()
    assert (under_way.outcome, ended.outcome) == ("failed", "complete")
    assert (under_way.pk, under_way.user_id, under_way.api_key_id) == (
        ended.pk,
        ended.user_id,
        ended.api_key_id,
    )
    assert under_way.completion_tokens < ended.completion_tokens


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "streamed"])
def test_unsupported_sentences_are_named_beside_the_answer(
    client: openai.OpenAI, llm: ScriptedLLM, is_stream: bool
) -> None:
    said = "Les doctorants contractuels ont droit à trente jours de congé par an [1]."
    llm.script(stream(said))
    answer: Any = client.chat.completions.create(
        model="scripted", messages=ABOUT_LEAVE, stream=is_stream
    )
    last = list(answer)[-1] if is_stream else answer
    assert last.verification["checked"] == 1
    (sentence,) = last.verification["sentences"]
    assert (sentence["text"], sentence["reason"], sentence["citation"]) == (said, "quantity", 1)
