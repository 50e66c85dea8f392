"""Questions with personal data are held before they leave for a model outside the organisation."""

from typing import Any

import openai
import pytest
from asgiref.sync import sync_to_async

from chat.models import Message
from instances.access.api_keys import create_api_key
from instances.models import AuditEntry, Organisation
from instances.tenancy import in_database, tenant
from tests.cast import Cast
from tests.inference.factories import BackendFactory, LanguageModelFactory
from tests.scripted_llm import ScriptedLLM, stream

JSON = "application/json"
PHONE = "06 12 34 56 78"
QUESTION = f"Combien de jours de congé ont les doctorants ? Mon numéro est le {PHONE}."

pytestmark = pytest.mark.usefixtures("closed_connections")


@pytest.fixture
def models(library: Cast, scripted_llm: ScriptedLLM) -> ScriptedLLM:
    """The models "inside" and "outside", both answered by the scripted one."""
    mine, other = library.instance.organisation, library.other_instance.organisation
    # A masked number makes a question less like its passages.
    library.instance.strictness = "lenient"
    library.instance.save()
    for alias, serving in (("inside", mine), ("outside", other)):
        backend = BackendFactory(base_url=scripted_llm.base_url, serving_organisation=serving)
        LanguageModelFactory(
            alias=alias, backend=backend, supports_tools=True, supports_images=True
        )
    return scripted_llm


def set_rule(cast: Cast, **fields: str) -> None:
    Organisation.objects.filter(pk=cast.instance.organisation_id).update(**fields)


def decisions(cast: Cast) -> list[dict[str, Any]]:
    with tenant(cast.instance):
        entries = AuditEntry.objects.filter(action="personal_data.decided").order_by("at")
        assert PHONE not in str(list(entries.values()))
        return [entry.detail for entry in entries]


def contents(cast: Cast) -> list[str]:
    with tenant(cast.instance):
        return [message.content for message in Message.objects.filter(role="user")]


async def post(client: Any, path: str, **data: Any) -> Any:
    """Post as a script, and follow the answer to its end."""
    address = f"/i/law/{path}"
    response = await client.post(address, data, content_type=JSON, headers={"accept": JSON})
    if response.status_code == 201:
        followed = await client.get(response.json()["events_url"])
        _whole = [piece async for piece in followed.streaming_content]
    return response


async def ask(client: Any, model: str, decision: str = "", text: str = QUESTION) -> Any:
    return await post(client, "ask/", question=text, model=model, personal_data=decision)


async def test_question_is_held_masked_or_sent_and_the_decision_is_audited(
    library: Cast, models: ScriptedLLM, async_client_for: Any
) -> None:
    client = await sync_to_async(async_client_for)(library.teammate)
    held = await ask(client, "outside")
    assert held.status_code == 409
    error = held.json()["error"]
    assert (error["code"], error["may_send"]) == ("personal_data", True)
    assert [one["text"] for one in error["found"]] == [PHONE]
    assert models.requests == []
    assert await in_database(contents, library) == []

    models.script(*[stream("Vingt-cinq [1].")] * 3)
    masked = (await ask(client, "outside", "redact")).json()["question"]
    assert masked == QUESTION.replace(PHONE, f"[{error['found'][0]['label']}]")
    assert PHONE not in str([request.body for request in models.requests])
    await ask(client, "outside", "send")
    assert PHONE in models.requests[1].last_message
    await ask(client, "inside")
    assert PHONE in models.requests[2].last_message
    assert await in_database(contents, library) == [masked, QUESTION, QUESTION]
    assert await in_database(decisions, library) == [
        {"decision": decision, "kinds": ["phone_number"]} for decision in ("redact", "send")
    ]


async def test_organisation_decides_what_is_held(
    library: Cast, models: ScriptedLLM, async_client_for: Any
) -> None:
    client = await sync_to_async(async_client_for)(library.teammate)
    await in_database(
        set_rule, library, personal_data_rule="refuse", number_patterns="n° étudiant: 2\\d{7}"
    )
    text = "Combien de jours de congé a 22401234 ?"
    error = (await ask(client, "outside", "send", text)).json()["error"]
    assert error["may_send"] is False
    assert error["found"] == [{"label": "n° étudiant", "text": "22401234"}]
    await in_database(set_rule, library, personal_data_rule="off")
    models.script(stream("Vingt-cinq [1]."))
    assert (await ask(client, "outside", "", text)).status_code == 201


async def test_earlier_questions_and_other_answers_are_guarded_too(
    library: Cast, models: ScriptedLLM, async_client_for: Any
) -> None:
    client = await sync_to_async(async_client_for)(library.teammate)
    # The model inside repeats what it was told.
    repeats = stream(f"Vingt-cinq [1]. Je vous appelle au {PHONE}.")
    models.script(repeats, *[stream("Vingt-cinq [1].")] * 3)
    asked = (await ask(client, "inside")).json()
    await post(
        client,
        "ask/",
        question="Combien de jours de congé ont les maîtres de conférences ?",
        model="outside",
        conversation=asked["conversation_id"],
    )
    assert len(models.requests) == 2
    sent = str(models.requests[-1].body)
    assert "Je vous appelle au [" in sent
    assert PHONE not in sent

    again = f"m/{asked['answer_id']}/regenerate/"
    assert (await post(client, again, model="outside")).status_code == 409
    assert len(models.requests) == 2
    response = await post(client, again, model="outside", personal_data="redact")
    assert response.status_code == 201
    assert PHONE not in str(models.requests[-1].body)
    # The question itself is not changed.
    assert (await in_database(contents, library))[0] == QUESTION


async def test_browser_without_scripts_receives_a_page_with_the_choices(
    library: Cast, models: ScriptedLLM, async_client_for: Any
) -> None:
    client = await sync_to_async(async_client_for)(library.teammate)
    page = await client.post("/i/law/ask/", {"question": QUESTION, "model": "outside"})
    assert page.status_code == 409
    for shown in (PHONE, 'value="redact"', 'value="send"', '"outside" selected'):
        assert shown in page.text
    stranger = await sync_to_async(async_client_for)(library.stranger)
    assert (await ask(stranger, "outside")).status_code == 404


@pytest.fixture
def client(library: Cast, models: ScriptedLLM, site: str) -> openai.OpenAI:
    _key, plaintext = create_api_key(
        instance=library.instance, name="test", scope="chat", created_by=library.owner
    )
    return openai.OpenAI(base_url=f"{site}/v1", api_key=plaintext, max_retries=0)


def test_client_of_the_api_is_told_the_kinds_and_may_have_them_masked(
    client: openai.OpenAI, models: ScriptedLLM
) -> None:
    messages: Any = [{"role": "user", "content": QUESTION}]
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="outside", messages=messages)
    assert refused.value.code == "personal_data"
    for told in ("phone_number", '"personal_data": "redact"', '"personal_data": "send"'):
        assert told in refused.value.message
    models.script(stream("Vingt-cinq [1]."))
    client.chat.completions.create(
        model="outside", messages=messages, extra_body={"personal_data": "redact"}
    )
    assert PHONE not in str(models.requests[0].body)


PLAIN = "Combien de jours de congé ont les doctorants ?"
CALL = {"id": "a", "type": "function", "function": {"name": "phone", "arguments": "{}"}}
CALL_WITH_NUMBER = CALL | {"function": {"name": "phone", "arguments": f'{{"n": "{PHONE}"}}'}}
PNG = "data:image/png;base64,iVBORw0KGgo="


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "system", "content": f"Appelle le {PHONE}."}, {"role": "user", "content": PLAIN}],
        [
            {"role": "user", "content": PLAIN},
            {"role": "developer", "content": [{"type": "text", "text": PHONE}]},
        ],
        [
            {
                "role": "user",
                "content": [{"type": "text", "text": PLAIN}, {"type": "text", "text": PHONE}],
            }
        ],
        [
            {"role": "user", "content": PLAIN},
            {"role": "assistant", "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "a", "content": PHONE},
        ],
        [
            {"role": "user", "content": PLAIN},
            {"role": "assistant", "tool_calls": [CALL_WITH_NUMBER]},
            {"role": "tool", "tool_call_id": "a", "content": "oui"},
        ],
    ],
    ids=["system", "developer", "text parts", "result of a function", "call of a function"],
)
def test_all_texts_of_a_request_are_guarded(
    client: openai.OpenAI, models: ScriptedLLM, messages: Any
) -> None:
    if messages[-1]["role"] == "developer":
        messages = messages[::-1]
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="outside", messages=messages)
    assert refused.value.code == "personal_data"
    models.script(stream("Vingt-cinq [1]."), stream("Vingt-cinq [1]."))
    client.chat.completions.create(
        model="outside", messages=messages, extra_body={"personal_data": "redact"}
    )
    (sent,) = models.requests
    assert PHONE not in str(sent.body)
    assert "telephone" in str(sent.body) or "téléphone" in str(sent.body)
    client.chat.completions.create(model="inside", messages=messages)
    assert PHONE in str(models.requests[-1].body)


def test_answers_that_a_client_sends_back_are_masked(
    client: openai.OpenAI, models: ScriptedLLM
) -> None:
    messages: Any = [
        {"role": "user", "content": "Qui appeler ?"},
        {"role": "assistant", "content": f"Appelez le {PHONE}."},
        {"role": "user", "content": PLAIN},
    ]
    models.script(stream("Vingt-cinq [1]."), stream("Vingt-cinq [1]."))
    client.chat.completions.create(model="outside", messages=messages)
    assert "Appelez le [" in str(models.requests[-1].body)
    assert PHONE not in str([request.body for request in models.requests])


def test_image_leaves_the_organisation_by_rule_and_decision_only(
    library: Cast, client: openai.OpenAI, models: ScriptedLLM
) -> None:
    parts = [{"type": "text", "text": PLAIN}, {"type": "image_url", "image_url": {"url": PNG}}]
    messages: Any = [{"role": "user", "content": parts}]

    def ask_with_image(model: str = "outside", **body: str) -> None:
        client.chat.completions.create(model=model, messages=messages, extra_body=body)

    for body in ({}, {"personal_data": "redact"}):
        with pytest.raises(openai.BadRequestError) as refused:
            ask_with_image(**body)
        assert refused.value.code == "personal_data"
        assert "image" in refused.value.message
    assert models.requests == []
    models.script(*[stream("Vingt-cinq [1].")] * 3)
    ask_with_image("inside")
    ask_with_image(personal_data="send")
    set_rule(library, personal_data_rule="refuse")
    with pytest.raises(openai.BadRequestError):
        ask_with_image(personal_data="send")
    set_rule(library, personal_data_rule="off")
    ask_with_image()
    assert [PNG in str(request.body) for request in models.requests] == [True] * 3
    assert decisions(library) == [{"decision": "send", "kinds": ["image"]}]
