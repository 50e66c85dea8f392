"""Running answers: followed from the start or later, stopped, interrupted."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from chat import following, running
from chat.answering import Question
from chat.answers.abandoned import SILENCE
from chat.answers.persistence import load_answer
from chat.conversations.turns import Asked, ask, history_before
from chat.models import Message
from chat.relaying import ask_to_stop
from inference.catalogue import choose_model
from instances.tenancy import in_database, in_tenant
from tests.cast import Cast
from tests.chat.following import follow
from tests.scripted_llm import Act, Reply, ScriptedLLM, chunk, stream
from usage.models import UsageRecord
from web.server_sent_events import ServerSentEvent

ABOUT_LEAVE = "Combien de jours de congé ont les doctorants ?"

pytestmark = pytest.mark.usefixtures("closed_connections")


async def begin(library: Cast, text: str = ABOUT_LEAVE, model_id: str = "") -> Asked:
    """Ask as the view does."""
    model = await in_database(choose_model, library.instance, model_id)

    def store() -> tuple[Asked, Question]:
        asked = ask(
            instance=library.instance, user=library.teammate, question=text, model_id=model.id
        )
        history = history_before(asked.question, library.instance)
        return asked, Question(instance=library.instance, text=text, model=model, history=history)

    asked, question = await in_tenant(library.instance, store)
    running.start(answer=asked.answer, question=question, user=library.teammate)
    return asked


async def followed(library: Cast, answer_id: UUID, seen: int = 0) -> list[ServerSentEvent]:
    async with asyncio.timeout(30):
        return [
            event async for event in follow(library.instance, answer_id, seen, cited_only=False)
        ]


async def stored(library: Cast, answer: Message) -> Any:
    return await in_tenant(library.instance, load_answer, library.instance, answer.pk)


def text_of(events: list[ServerSentEvent]) -> str:
    return "".join(event.data["text"] for event in events if event.name == "token")


async def wait_for_text(library: Cast, answer_id: UUID) -> None:
    async for event in follow(library.instance, answer_id, 0, cited_only=False):
        if event.name == "token":
            return


async def test_answer_is_streamed_then_stored_with_its_evidence(
    library: Cast, llm: ScriptedLLM
) -> None:
    llm.script(stream("Vingt-cinq ", "jours [1]."))
    asked = await begin(library)
    events = await followed(library, asked.answer.pk)
    assert text_of(events) == "Vingt-cinq jours [1]."
    done = events[-1]
    assert (done.name, done.data["status"], done.data["used"]) == ("done", "complete", [1])
    assert done.data["impact"]["energy_wh"] > 0
    state = await stored(library, asked.answer)
    assert state.message.content == "Vingt-cinq jours [1]."
    assert [citation.used for citation in state.citations][:2] == [True, False]
    assert state.cost.answer.user_id == library.teammate.pk


async def test_all_followers_receive_the_same_events(library: Cast, llm: ScriptedLLM) -> None:
    llm.script(Reply([chunk("Vingt-cinq "), Act.HOLD, chunk("jours."), b"data: [DONE]\n\n"]))
    asked = await begin(library)
    first = asyncio.create_task(followed(library, asked.answer.pk))
    await wait_for_text(library, asked.answer.pk)
    late = asyncio.create_task(followed(library, asked.answer.pk))
    resumed = asyncio.create_task(followed(library, asked.answer.pk, seen=2))
    await asyncio.to_thread(llm.release)
    one, two, three = await asyncio.gather(first, late, resumed)
    assert one == two
    assert three == one[2:]


async def test_stop_keeps_the_text_and_closes_the_connection_to_the_model(
    library: Cast, llm: ScriptedLLM
) -> None:
    llm.script(Reply([chunk("Vingt-cinq "), Act.HOLD]))
    asked = await begin(library)
    await wait_for_text(library, asked.answer.pk)
    await running.stop(library.instance, asked.answer)
    done = (await followed(library, asked.answer.pk))[-1]
    assert (done.data["status"], done.data["content"]) == ("stopped", "Vingt-cinq ")
    await asyncio.to_thread(llm.wait_until, lambda: llm.requests[0].left_early)


async def test_stop_from_another_process_is_noticed(
    library: Cast, llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "SAVE_EVERY_S", 0.05)
    llm.script(Reply([chunk("Vingt-cinq "), Act.HOLD]))
    asked = await begin(library)
    await wait_for_text(library, asked.answer.pk)
    here = running._running.pop(asked.answer.pk)
    await running.stop(library.instance, asked.answer)
    async with asyncio.timeout(10):
        await here.ended()
    assert here.events[-1].data["status"] == "stopped"


async def test_page_on_another_process_receives_the_events_and_stops_the_answer(
    library: Cast, llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    llm.script(Reply([chunk("Vingt-cinq "), Act.HOLD]))
    asked = await begin(library)
    await wait_for_text(library, asked.answer.pk)
    here = running.find_running(asked.answer.pk)
    assert here is not None
    # As in a process that does not run the answer.
    monkeypatch.setattr(following, "find_running", lambda _answer_id: None)
    elsewhere = follow(library.instance, asked.answer.pk, 1, cited_only=False)
    seen: list[ServerSentEvent] = []
    async with asyncio.timeout(20):
        async for event in elsewhere:
            seen.append(event)
            if event.name == "token":
                await ask_to_stop(asked.answer.pk)
    assert [event.id for event in seen] == [event.id for event in here.events[1:]]
    assert (seen[-1].data["status"], seen[-1].data["content"]) == ("stopped", "Vingt-cinq ")


async def test_page_on_another_process_follows_the_database(
    library: Cast, llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "SAVE_EVERY_S", 0.05)
    monkeypatch.setattr(following, "POLL_EVERY_S", 0.05)
    llm.script(Reply([chunk("Vingt-cinq "), Act.HOLD, chunk("jours."), b"data: [DONE]\n\n"]))
    asked = await begin(library)
    await wait_for_text(library, asked.answer.pk)
    here = running._running.pop(asked.answer.pk)
    elsewhere = follow(library.instance, asked.answer.pk, 0, cited_only=False)
    seen: list[ServerSentEvent] = []
    async with asyncio.timeout(20):
        async for event in elsewhere:
            assert event.id is None
            seen.append(event)
            if event.name == "replace" and "Vingt-cinq" in event.data["text"]:
                await asyncio.to_thread(llm.release)
        # The other process may read the end before this one has published it.
        await asyncio.wait({here.writer})
    assert here.done
    assert seen[-1].data["content"] == "Vingt-cinq jours."


async def test_answer_of_a_dead_process_is_closed_as_interrupted(library: Cast) -> None:
    def abandoned() -> Asked:
        asked = ask(
            instance=library.instance, user=library.teammate, question="?", model_id="extractive"
        )
        Message.objects.filter(pk=asked.answer.pk).update(
            content="Ce qui est venu", updated_at=timezone.now() - 2 * SILENCE
        )
        return asked

    asked = await in_tenant(library.instance, abandoned)
    events = await followed(library, asked.answer.pk)
    assert [event.name for event in events] == ["replace", "error", "done"]
    assert events[0].data["text"] == "Ce qui est venu"
    assert events[1].data["code"] == "interrupted"
    assert events[1].data["retryable"]


async def test_failed_answer_names_its_reason_and_is_recorded(
    library: Cast, llm: ScriptedLLM
) -> None:
    llm.script(Reply([chunk("Vingt-cinq"), Act.CUT]))
    asked = await begin(library)
    events = await followed(library, asked.answer.pk)
    assert [event.name for event in events][-2:] == ["error", "done"]
    assert events[-1].data["status"] == "failed"
    assert events[-1].data["content"] == "Vingt-cinq"

    def status() -> str:
        return UsageRecord.objects.get(request_id=asked.answer.pk, kind="answer").outcome

    assert await in_tenant(library.instance, status) == "failed"


@pytest.mark.parametrize(
    ("n_answers", "pause_s"), [(1, 1.0), (10, 1.0), (25, 2.5), (200, 3.0)], ids=str
)
def test_answers_are_saved_less_often_the_more_there_are(
    monkeypatch: pytest.MonkeyPatch, n_answers: int, pause_s: float
) -> None:
    ended = {number: SimpleNamespace(done=True) for number in range(-50, 0)}
    written = {number: SimpleNamespace(done=False) for number in range(n_answers)}
    monkeypatch.setattr(running, "_running", ended | written)
    assert running._pause_between_saves_s() == pause_s
    # A late save is no silence.
    assert timedelta(seconds=4 * pause_s) < SILENCE
