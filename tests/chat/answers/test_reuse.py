"""The answer to a question that was asked before: given again, or written anew."""

import json
from functools import partial

import pytest
from asgiref.sync import sync_to_async

from chat.conversations.turns import delete, get_conversation
from chat.models import ReusableAnswer
from ingestion import uploads
from ingestion.models import Document
from instances.models import Instance, Membership
from instances.tenancy import in_database, in_tenant
from tests.factories import MembershipFactory
from tests.fixtures.corpus import TEXTS, add_document
from tests.scripted_llm import stream
from usage.models import UsageRecord

LEAVE = "Combien de jours de congé ont les doctorants ?"

pytestmark = pytest.mark.usefixtures("closed_connections")


@pytest.fixture
def ask(async_client_for):
    """``await ask(person, question)``: the last event of the answer, with the data of both."""

    async def ask(person, text=LEAVE, *, slug="law", path="ask/", **data):
        client = await sync_to_async(async_client_for)(person)
        body = json.dumps({"question": text, **data})
        asked = await client.post(f"/i/{slug}/{path}", body, content_type="application/json")
        asked = asked.json()
        response = await client.get(asked["events_url"])
        pieces = b"".join([piece async for piece in response.streaming_content]).decode()
        done = pieces.split("event: done\n")[1].split("data: ")[1].splitlines()[0]
        return asked | json.loads(done)

    return ask


async def record_of(instance, asked, kind="answer"):
    records = UsageRecord.objects.for_instance(instance)
    return await in_tenant(instance, records.get, request_id=asked["answer_id"], kind=kind)


async def test_same_question_is_answered_once_and_costs_nothing_again(
    library, llm, ask, async_client_for
):
    said = stream("Les doctorants ont vingt-cinq ", "jours de congé par an [1].")
    llm.script(said, stream("Ils ont 25 jours [1]."))
    first = await ask(library.teammate)
    again = await ask(library.owner, "Combien  de jours de congé ont les doctorants\u00a0?")
    assert len(llm.requests) == 1
    assert first["reused"] == ""
    assert again["reused"].startswith("This question was asked before.")
    assert (again["content"], again["used"]) == (first["content"], first["used"])
    assert again["quotes"] == first["quotes"]

    spent, saved = [await record_of(library.instance, asked) for asked in (first, again)]
    assert (saved.outcome, saved.energy_wh, saved.completion_tokens) == ("cached", 0, 0)
    assert saved.avoided_wh == spent.energy_wh > 0
    # Its sentences were counted the first time.
    assert (spent.checked_sentences, saved.checked_sentences) == (1, 0)
    assert (saved.method, saved.method_version) == (spent.method, spent.method_version)
    assert (await record_of(library.instance, again, "embedding")).energy_wh > 0
    assert again["impact"]["energy_wh"] == 0
    assert [term for term, _text in again["impact"]["details"] if term == "Saved"] == ["Saved"]

    # The page of the conversation says it as well.
    client = await sync_to_async(async_client_for)(library.owner)
    page = await client.get(again["conversation_url"])
    assert page.context["turns"][-1].data["reused"] == again["reused"]

    anew = await ask(library.owner, path=f"m/{again['answer_id']}/regenerate/")
    assert (anew["content"], anew["reused"]) == ("Ils ont 25 jours [1].", "")
    latest = await ask(library.teammate)
    assert latest["content"] == "Ils ont 25 jours [1]."
    assert len(llm.requests) == 2


async def test_answer_of_another_instance_is_never_given(library, llm, ask):
    for name, text in TEXTS.items():
        await in_database(add_document, library.other_instance, library.stranger, name, text)
    await ask(library.teammate)
    theirs = await ask(library.stranger, slug="physics")
    assert theirs["reused"] == ""
    assert len(llm.requests) == 2
    # Both are stored under the same digest: only the instance tells them apart.
    digests = [
        await in_tenant(instance, lambda: ReusableAnswer.objects.get().digest)
        for instance in (library.instance, library.other_instance)
    ]
    assert digests[0] == digests[1]


async def change_instance(library, **changes):
    await Instance.objects.filter(pk=library.instance.pk).aupdate(**changes)


async def change_document(library, _first):
    def change():
        Document.objects.get(name="conges.txt").chunk_set.update(text="Trente jours de congé.")

    await in_tenant(library.instance, change)


async def delete_document(library, _first):
    def delete_it():
        uploads.delete(Document.objects.get(name="missions.txt"))

    await in_tenant(library.instance, delete_it)


async def delete_conversation(library, first):
    def remove():
        instance, user = library.instance, library.teammate
        delete(get_conversation(instance, user, first["conversation_id"]))

    await in_tenant(library.instance, remove)


@pytest.mark.parametrize(
    "change",
    [
        change_document,
        delete_document,
        delete_conversation,
        lambda library, _first: change_instance(library, instructions="Soyez bref."),
        lambda library, _first: change_instance(library, reuses_answers=False),
    ],
    ids=["document changed", "document deleted", "conversation deleted", "instructions", "off"],
)
async def test_answer_is_written_anew_after_a_change(library, llm, ask, change):
    first = await ask(library.teammate)
    await change(library, first)
    assert (await ask(library.owner))["reused"] == ""
    assert len(llm.requests) == 2


async def test_other_questions_and_models_are_answered_anew(
    library, llm, ask, settings, async_client_for
):
    first = await ask(library.teammate)
    # With a conversation before it, the same question may mean something else.
    later = await ask(library.teammate, conversation=first["conversation_id"])
    assert (later["reused"], len(llm.requests)) == ("", 2)
    settings.LLM_MODEL = "another"
    assert (await ask(library.owner))["reused"] == ""
    settings.LLM_MODEL = "scripted"
    # An answer that a reader found not helpful, also where it was repeated, is not repeated again.
    again = await ask(library.owner)
    assert again["reused"]
    client = await sync_to_async(async_client_for)(library.owner)
    rating = partial(client.post, content_type="application/json")
    url = f"/i/law/m/{again['answer_id']}/feedback/"
    assert (await rating(url, json.dumps({"helpful": False}))).status_code == 204
    assert (await ask(library.editor))["reused"] == ""


async def test_incomplete_or_uncited_answers_are_not_repeated(library, llm, ask):
    llm.script(stream("Je ne sais pas."))
    await ask(library.teammate)
    assert (await ask(library.owner))["reused"] == ""


async def test_guest_is_given_the_answer_without_its_reasoning(library, llm, ask):
    guest = library.stranger
    await in_database(
        MembershipFactory, instance=library.instance, user=guest, role=Membership.Role.GUEST
    )
    first = await ask(library.teammate)
    again = await ask(guest)
    assert again["reused"]
    assert again["content"] == first["content"]
    assert [citation["text"] for citation in again["citations"]] == [""]
