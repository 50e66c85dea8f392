"""What goes on after it was let in stops soon after the right to it is lost."""

import asyncio
from collections.abc import Callable

import httpx
import pytest
from django.utils import timezone

from chat import running
from chat.answering import Question
from chat.answers import access_checks
from chat.answers.persistence import load_answer
from chat.conversations.turns import Asked, ask
from inference.catalogue import choose_model
from ingestion.documents import list_events
from ingestion.documents.queries import DocumentFilter
from instances.access.api_keys import create_api_key, revoke
from instances.access.gates import get_membership, may_still_enter
from instances.members.memberships import remove_member
from instances.models import Instance, Membership, Organisation
from instances.tenancy import in_database, in_tenant, tenant
from tests.cast import Cast
from tests.chat.following import follow
from tests.scripted_llm import Act, Reply, ScriptedLLM, chunk

pytestmark = pytest.mark.usefixtures("closed_connections")

QUESTION = "Combien de jours de congé ont les doctorants ?"


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rights are checked often, so that tests need not wait."""
    monkeypatch.setattr(access_checks, "CHECKED_EVERY_S", 0.05)
    monkeypatch.setattr(list_events, "RIGHTS_CHECKED_EVERY_S", 0.05)
    monkeypatch.setattr(list_events, "IDLE_POLL_S", 0.05)


def remove(library: Cast) -> None:
    with tenant(library.instance):
        remove_member(
            Membership.objects.select_related("instance__organisation", "user").get(
                user=library.teammate
            )
        )


def expire(library: Cast) -> None:
    with tenant(library.instance):
        Membership.objects.filter(user=library.teammate).update(expires_at=timezone.now())


def suspend(library: Cast) -> None:
    Instance.objects.filter(pk=library.instance.pk).update(status="suspended")


def disable_organisation(library: Cast) -> None:
    Organisation.objects.filter(pk=library.instance.organisation_id).update(is_enabled=False)


def disable_account(library: Cast) -> None:
    library.teammate.is_active = False
    library.teammate.save()


LOSSES = pytest.mark.parametrize(
    "lose", [remove, expire, suspend, disable_organisation, disable_account]
)


async def begin(library: Cast) -> Asked:
    """Have the teammate ask, and wait for the first word."""
    model = await in_database(choose_model, library.instance)

    def store() -> Asked:
        return ask(
            instance=library.instance,
            user=library.teammate,
            question=QUESTION,
            model_id=model.id,
        )

    asked = await in_tenant(library.instance, store)
    question = Question(instance=library.instance, text=QUESTION, model=model)
    running.start(answer=asked.answer, question=question, user=library.teammate)
    async for event in follow(library.instance, asked.answer.pk, 0, cited_only=False):
        if event.name == "token":
            break
    return asked


@LOSSES
async def test_stream_of_a_person_ends_with_access(
    library: Cast, llm: ScriptedLLM, lose: Callable[[Cast], None]
) -> None:
    llm.script(Reply([chunk("Vingt-cinq "), Act.HOLD]))
    asked = await begin(library)
    await in_database(lose, library)
    async with asyncio.timeout(20):
        events = [
            event async for event in follow(library.instance, asked.answer.pk, 0, cited_only=False)
        ]
    error, done = events[-2:]
    assert (error.name, error.data["code"], error.data["retryable"]) == (
        "error",
        "access_ended",
        False,
    )
    assert (done.name, done.data["status"]) == ("done", "failed")
    await asyncio.to_thread(llm.wait_until, lambda: llm.requests[0].left_early)
    state = await in_tenant(library.instance, load_answer, library.instance, asked.answer.pk)
    assert state.message.content == "Vingt-cinq "


async def test_stream_with_access_is_complete(library: Cast, llm: ScriptedLLM) -> None:
    llm.script(Reply([chunk("Vingt-cinq "), Act.HOLD, chunk("jours."), b"data: [DONE]\n\n"]))
    asked = await begin(library)
    for _ in range(3):
        # As the stream does it, until a check has gone by.
        assert await in_database(may_still_enter, library.teammate.pk, library.instance)
    await asyncio.to_thread(llm.release)
    async with asyncio.timeout(20):
        events = [
            event async for event in follow(library.instance, asked.answer.pk, 0, cited_only=False)
        ]
    assert events[-1].data["status"] == "complete"


@LOSSES
def test_stream_of_a_key_ends_with_access(
    site: str,
    library: Cast,
    llm: ScriptedLLM,
    lose: Callable[[Cast], None],
) -> None:
    llm.script(Reply([chunk("Vingt-cinq "), Act.HOLD]))
    _key, plaintext = create_api_key(
        instance=library.instance, name="x", scope="chat", created_by=library.teammate
    )
    call = {
        "url": f"{site}/v1/chat/completions",
        "headers": {"authorization": f"Bearer {plaintext}"},
        "json": {"messages": [{"role": "user", "content": QUESTION}], "stream": True},
        "timeout": 30,
    }
    with httpx.stream("POST", **call) as response:
        lines = response.iter_lines()
        assert "Vingt-cinq" in next(line for line in lines if "Vingt" in line)
        lose(library)
        rest = list(lines)
    assert any('"access_ended"' in line for line in rest)
    assert rest[-2] == "data: [DONE]"
    assert httpx.post(**call).status_code in {401, 403}


def test_revoking_a_key_ends_an_answer_that_is_not_streamed(
    site: str, library: Cast, llm: ScriptedLLM
) -> None:
    llm.script(Reply([Act.HOLD]))
    key, plaintext = create_api_key(
        instance=library.instance, name="x", scope="chat", created_by=None
    )

    def call() -> httpx.Response:
        return httpx.post(
            f"{site}/v1/chat/completions",
            headers={"authorization": f"Bearer {plaintext}"},
            json={"messages": [{"role": "user", "content": QUESTION}]},
            timeout=30,
        )

    async def revoked_meanwhile() -> httpx.Response:
        answer = asyncio.create_task(asyncio.to_thread(call))
        await asyncio.to_thread(llm.wait_until, lambda: llm.requests)
        await in_tenant(library.instance, revoke, key)
        return await answer

    refused = asyncio.run(revoked_meanwhile())
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "access_ended")


async def test_document_events_end_with_access(library: Cast) -> None:
    membership = await in_database(get_membership, library.teammate, "law")
    events = list_events.document_events(membership, DocumentFilter(), since="", language="fr")
    assert (await anext(events)).name == "listing"
    await in_database(remove, library)
    async with asyncio.timeout(20):
        assert [event async for event in events if event.name == "listing"] == []
