"""``/v1/responses`` with the official OpenAI client."""

from typing import Any

import openai
import pytest

from instances.tenancy import tenant
from tests.cast import Cast
from tests.scripted_llm import Act, Reply, ScriptedLLM, chunk, stream, usage_chunk
from usage.models import UsageRecord

ABOUT_LEAVE = "Combien de jours de congé ont les doctorants ?"
THOUGHTFUL = Reply(
    [
        chunk(delta={"reasoning_content": "Je cherche."}),
        chunk("Vingt-cinq "),
        chunk("jours [1]."),
        chunk(finish_reason="stop"),
        usage_chunk(),
        b"data: [DONE]\n\n",
    ]
)


def test_whole_response_has_citations_and_impact(
    client: openai.OpenAI, llm: ScriptedLLM, library: Cast
) -> None:
    llm.script(THOUGHTFUL)
    response = client.responses.create(
        model="scripted", input=ABOUT_LEAVE, instructions="Réponds en vers.", max_output_tokens=90
    )
    assert (response.status, response.output_text) == ("completed", "Vingt-cinq jours [1].")
    thought, message = response.output
    assert (thought.type, thought.content[0].text) == ("reasoning", "Je cherche.")
    (annotation,) = message.content[0].annotations
    assert (annotation.type, annotation.filename) == ("file_citation", "conges.txt")
    assert response.output_text[annotation.index :].startswith("[1]")
    (citation,) = response.model_extra["citations"]
    assert citation["document_id"] == annotation.file_id
    assert response.model_extra["impact"]["energy_wh"] > 0
    assert response.usage.total_tokens == 18
    sent = llm.requests[-1].body
    assert sent["max_tokens"] == 90
    assert "Réponds en vers." in sent["messages"][0]["content"]
    with tenant(library.instance):
        assert UsageRecord.objects.get(kind="answer").outcome == "complete"


def test_streamed_response_adds_up_to_the_whole_one(
    client: openai.OpenAI, llm: ScriptedLLM
) -> None:
    llm.script(THOUGHTFUL)
    history = [
        {"role": "user", "content": "Combien de jours ont les maîtres de conférences ?"},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Quarante."}],
        },
    ]
    question = {"role": "user", "content": [{"type": "input_text", "text": ABOUT_LEAVE}]}
    with client.responses.stream(model="scripted", input=[*history, question]) as events:
        seen = list(events)
        final = events.get_final_response()
    assert [event.sequence_number for event in seen] == list(range(len(seen)))
    kinds = [event.type for event in seen]
    assert kinds[:3] == ["response.created", "response.in_progress", "response.output_item.added"]
    assert kinds[-1] == "response.completed"
    written = [event.delta for event in seen if event.type == "response.output_text.delta"]
    assert "".join(written) == final.output_text == "Vingt-cinq jours [1]."
    assert "Quarante." in str(llm.requests[-1].body["messages"])
    assert final.model_extra["citations"][0]["document"] == "conges.txt"


def test_cut_and_failed_responses_say_so(client: openai.OpenAI, llm: ScriptedLLM) -> None:
    llm.script(Reply([chunk("Vingt"), chunk(finish_reason="length"), usage_chunk()]))
    cut = client.responses.create(model="scripted", input=ABOUT_LEAVE)
    assert (cut.status, cut.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    llm.script(Reply([chunk("Vingt"), Act.CUT]))
    *_, last = client.responses.create(model="scripted", input=ABOUT_LEAVE, stream=True)
    assert (last.type, last.response.error.code) == ("response.failed", "truncated_stream")
    assert last.response.output_text == "Vingt"
    llm.script(Reply([], status=400))
    with pytest.raises(openai.InternalServerError) as failed:
        client.responses.create(model="scripted", input=ABOUT_LEAVE)
    assert (failed.value.code, failed.value.type) == ("backend_rejected", "server_error")


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("invalid_request", {"input": value})
    for value in (None, "", " ", [], [None], [{"type": "message", "role": "chef"}], 5,
                  [{"type": "reasoning"}], [{"role": "assistant", "content": "a"}],
                  [{"type": "item_reference", "id": "a"}], "a" * 40_000)
] + [
    ("unsupported_parameter", parameters)
    for parameters in (
        {"previous_response_id": "resp_1"}, {"background": True}, {"conversation": "conv_1"},
    )
]  # fmt: skip


def test_wrong_requests_are_refused_with_400(client: openai.OpenAI) -> None:
    for code, wrong in WRONG:
        with pytest.raises(openai.BadRequestError) as refused:
            client.responses.create(**{"model": "extractive", "input": ABOUT_LEAVE} | wrong)
        assert (refused.value.code, refused.value.type) == (code, "invalid_request_error"), wrong


def test_closing_the_stream_stops_the_model(client: openai.OpenAI, llm: ScriptedLLM) -> None:
    llm.script(stream("Un "), Reply([chunk("Un "), Act.HOLD]))
    assert client.responses.create(model="scripted", input=ABOUT_LEAVE).output_text == "Un "
    with client.responses.create(model="scripted", input=ABOUT_LEAVE, stream=True) as events:
        assert next(iter(events)).type == "response.created"
    llm.wait_until(lambda: llm.requests[-1].left_early)
