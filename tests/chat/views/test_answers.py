"""Asking over HTTP as the browser does: what is stored, refused, and streamed."""

import json
from functools import partial

import pytest
from asgiref.sync import sync_to_async

from chat.models import Message
from ingestion.models import Document
from instances.tenancy import in_tenant
from tests.scripted_llm import Act, Reply, chunk, stream

ASK = "/i/law/ask/"
LEAVE = "Combien de jours de congé ont les doctorants ?"

pytestmark = pytest.mark.usefixtures("closed_connections")


async def post(client, url, data):
    return await client.post(url, json.dumps(data), content_type="application/json")


async def login(async_client_for, person):
    return await sync_to_async(async_client_for)(person)


async def events_of(client, url, last_id=""):
    headers = {"Last-Event-ID": last_id} if last_id else {}
    return await events_in(await client.get(url, headers=headers))


async def events_in(response):
    assert response["Content-Type"] == "text/event-stream"
    body = b"".join([piece async for piece in response.streaming_content]).decode()
    events = []
    for block in body.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in fields:
            events.append((fields["event"], json.loads(fields["data"])))
    return events


@pytest.mark.parametrize(
    ("person", "status"), [("owner", 201), ("teammate", 201), ("stranger", 404)]
)
async def test_only_members_can_ask(library, llm, async_client_for, person, status):
    client = await login(async_client_for, getattr(library, person))
    response = await post(client, ASK, {"question": LEAVE})
    assert response.status_code == status
    if status == 201:
        await events_of(client, response.json()["events_url"])


async def test_browser_without_scripts_is_redirected_to_the_conversation(
    library, llm, async_client_for
):
    llm.script(stream("Vingt-cinq jours [1]."))
    client = await login(async_client_for, library.teammate)
    form = {"question": LEAVE, "conversation": "", "model": "scripted"}
    response = await client.post(ASK, form)
    assert response.status_code == 303
    page = await client.get(response["Location"])
    assert LEAVE in page.content.decode()
    answer = page.context["turns"][-1].message
    await events_of(client, f"/i/law/m/{answer.pk}/events/")
    again = await client.post(ASK, form | {"conversation": str(answer.conversation_id)})
    assert again["Location"] == response["Location"]
    refused = await client.post(ASK, form | {"conversation": "<b>"})
    assert refused.status_code == 400
    text = refused.content.decode()
    assert "<h1>" in text
    assert LEAVE in text
    stranger = await login(async_client_for, library.stranger)
    assert (await stranger.post(ASK, form)).status_code == 404


async def test_question_without_scripts_keeps_to_its_documents(library, llm, async_client_for):
    document = await in_tenant(library.instance, Document.objects.get, name="missions.txt")
    client = await login(async_client_for, library.teammate)
    page = await client.get("/i/law/", {"document": str(document.pk)})
    field = f'<input type="hidden" name="document_ids" value="{document.pk}">'
    assert field in page.content.decode()
    form = {"question": LEAVE, "conversation": "", "model": "scripted"}
    asked = await client.post(ASK, form | {"document_ids": [str(document.pk)]})
    page = await client.get(asked["Location"])
    assert page.context["turns"][0].message.document_ids == [document.pk]
    refused = await client.post(ASK, form | {"document_ids": [str(document.pk)], "question": ""})
    assert refused.status_code == 400
    assert field in refused.content.decode()


async def test_model_is_kept_for_the_conversation_and_named_by_the_answer(
    library, llm, async_client_for
):
    client = await login(async_client_for, library.teammate)
    written_by = {}
    for model in ("extractive", "scripted"):
        asked = (await post(client, ASK, {"question": LEAVE, "model": model})).json()
        written_by[model] = (await events_of(client, asked["events_url"]))[-1][1]["written_by"]
        page = await client.get(asked["conversation_url"])
        assert page.context["model"].id == model
    assert written_by == {
        "extractive": "Extracts, without generative AI",
        "scripted": "Written by scripted",
    }
    assert (await client.get("/i/law/")).context["model"].id == "scripted"


async def test_response_to_a_question_has_the_events_of_its_answer(
    library, llm, async_client_for, settings
):
    llm.script(stream("Vingt-cinq ", "jours [1]."))
    client = await login(async_client_for, library.teammate)
    question = json.dumps({"question": LEAVE, "model": "scripted"})
    accepts = {"Accept": "text/event-stream, application/json"}
    post_question = partial(
        client.post, ASK, question, content_type="application/json", headers=accepts
    )
    (first, asked), *events = await events_in(await post_question())
    assert first == "asked"
    assert asked["title"] == LEAVE
    assert (events[-1][0], events[-1][1]["content"]) == ("done", "Vingt-cinq jours [1].")
    # The connection was lost after the second event.
    assert await events_of(client, f"{asked['events_url']}?after=2") == events[2:]
    # Beyond the limit of streams, the question is answered nevertheless.
    settings.STREAMS_PER_PERSON = 0
    response = await post_question()
    assert response.status_code == 201
    assert set(response.json()) == set(asked)


async def test_late_follower_receives_the_whole_answer(library, llm, async_client_for):
    llm.script(stream("Vingt-cinq ", "jours [1]."))
    client = await login(async_client_for, library.teammate)
    asked = (await post(client, ASK, {"question": LEAVE})).json()
    assert asked["title"] == LEAVE
    events = await events_of(client, asked["events_url"])
    names = [name for name, _data in events]
    assert names[:3] == ["stage", "sources", "stage"]
    assert names[-1] == "done"
    assert events[-1][1]["content"] == "Vingt-cinq jours [1]."
    again = await events_of(client, asked["events_url"])
    assert again[-1] == events[-1]


async def test_invalid_last_event_id_is_ignored(library, llm, async_client_for):
    client = await login(async_client_for, library.teammate)
    asked = (await post(client, ASK, {"question": LEAVE})).json()
    whole = await events_of(client, asked["events_url"])
    response = await client.get(asked["events_url"], headers={"Last-Event-ID": "9" * 5000})
    assert response.status_code == 200
    assert whole[-1][0] == "done"


async def test_follow_up_is_added_to_its_conversation(library, llm, async_client_for):
    client = await login(async_client_for, library.teammate)
    first = (await post(client, ASK, {"question": LEAVE})).json()
    await events_of(client, first["events_url"])
    data = {"question": "Et les autres ?", "conversation": first["conversation_id"]}
    second = (await post(client, ASK, data)).json()
    assert second["conversation_id"] == first["conversation_id"]
    assert second["title"] == LEAVE
    await events_of(client, second["events_url"])


async def test_regenerating_and_editing_add_versions(library, llm, async_client_for):
    client = await login(async_client_for, library.teammate)
    first = (await post(client, ASK, {"question": LEAVE})).json()
    await events_of(client, first["events_url"])
    url = f"/i/law/m/{first['answer_id']}/regenerate/"
    again = (await post(client, url, {"model": "extractive"})).json()
    done = (await events_of(client, again["events_url"]))[-1][1]
    assert done["model"] == "extractive"
    url = f"/i/law/m/{first['question_id']}/edit/"
    edited = (await post(client, url, {"question": "Et les vacances ?"})).json()
    await events_of(client, edited["events_url"])
    assert {again["question_id"], first["question_id"]} == {first["question_id"]}
    assert edited["question_id"] != first["question_id"]
    wrong = await post(client, f"/i/law/m/{first['answer_id']}/edit/", {"question": "x"})
    assert wrong.status_code == 404


async def test_stop_keeps_the_text(library, llm, async_client_for):
    llm.script(Reply([chunk("Vingt-cinq "), Act.HOLD]))
    client = await login(async_client_for, library.teammate)
    asked = (await post(client, ASK, {"question": LEAVE})).json()
    response = await client.get(asked["events_url"])
    async for piece in response.streaming_content:
        if b"event: token" in piece:
            break
    assert (await post(client, f"/i/law/m/{asked['answer_id']}/stop/", {})).status_code == 204
    done = (await events_of(client, asked["events_url"]))[-1][1]
    assert (done["status"], done["content"]) == ("stopped", "Vingt-cinq ")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"question": "  "}, "bad_request"),
        ({"question": "x" * 8001}, "bad_request"),
        ({"question": LEAVE, "conversation": "not a uuid"}, "bad_request"),
        ({"question": LEAVE, "document_ids": ["not a uuid"]}, "bad_request"),
        ({"question": LEAVE, "document_ids": 5}, "bad_request"),
        ({"question": "a\0b"}, "bad_request"),
        (
            {"question": LEAVE, "document_ids": ["6f9619ff-8b86-d011-b42d-00cf4fc964ff"]},
            "unknown_document",
        ),
    ],
    ids=["empty", "too long", "conversation", "documents", "no list", "NUL", "unknown document"],
)
async def test_invalid_question_is_refused(library, llm, async_client_for, data, code):
    client = await login(async_client_for, library.teammate)
    response = await post(client, ASK, data)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == code
    assert response.json()["error"]["message"]
    count = await in_tenant(library.instance, Message.objects.for_instance(library.instance).count)
    assert count == 0


async def test_body_that_is_not_json_is_refused(library, async_client_for):
    client = await login(async_client_for, library.teammate)
    response = await client.post(ASK, "{", content_type="application/json")
    assert response.status_code == 400


async def test_unsupported_sentence_is_streamed_stored_and_given_again(
    library, llm, async_client_for
):
    said = "Les doctorants contractuels ont droit à trente jours de congé par an"
    llm.script(stream(said, " [1]."))
    client = await login(async_client_for, library.teammate)
    asked = (await post(client, ASK, {"question": LEAVE})).json()
    events = await events_of(client, asked["events_url"])
    kinds = [kind for kind, _data in events]
    assert kinds.index("token") < kinds.index("checked") < kinds.index("done")
    (_kind, checked), (_done, done) = [each for each in events if each[0] in ("checked", "done")]
    assert done["verification"] == checked["verification"]
    (sentence,) = done["verification"]["sentences"]
    assert done["content"][sentence["start"] : sentence["end"]] == f"{said} [1]."
    assert sentence["message"] == ("The passage says vingt-cinq jours, the answer trente jours.")

    page = await client.get(asked["conversation_url"])
    assert page.context["turns"][-1].data["verification"] == done["verification"]
    # The same question has the same answer, with its marks.
    again = (await post(client, ASK, {"question": LEAVE})).json()
    (*_before, (_kind, repeated)) = await events_of(client, again["events_url"])
    assert len(llm.requests) == 1
    assert repeated["verification"] == done["verification"]
