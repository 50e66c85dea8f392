"""An answer that ends is stored, and what it cost is recorded once, whatever happens meanwhile."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.users.erasure import erase_person
from chat import running, tasks
from chat.answering import Question
from chat.answers import saving, unsaved
from chat.answers.abandoned import SILENCE
from chat.answers.persistence import FinishedAnswer, save_progress
from chat.answers.result import AnswerResult
from chat.api.api_answer import ApiAnswer
from chat.api.chat_completions import Completion
from chat.conversations.turns import Asked, ask, delete
from chat.models import Citation, Conversation, Message
from inference.catalogue import choose_model
from inference.offered_models import EXTRACTS
from ingestion import uploads
from ingestion.models import Document
from instances.access.api_keys import create_api_key
from instances.models import Instance, Membership, Sensitivity
from instances.tenancy import in_database, in_tenant, tenant
from retrieval.search import asearch
from tests.cast import Cast
from tests.chat.following import follow
from tests.fixtures.database import DatabaseSwitch, is_anybody_waiting
from tests.fixtures.waiting import wait_until
from tests.scripted_llm import Act, Reply, ScriptedLLM, chunk, stream
from usage.admission import UNLIMITED
from usage.models import AnswerStatus, UsageRecord
from usage.quotas.api_requests import AdmittedRequest
from web.server_sent_events import ServerSentEvent

ADMITTED = AdmittedRequest(uuid4(), UNLIMITED, {})
ABOUT_LEAVE = "Combien de jours de congé ont les doctorants ?"
HELD = Reply([chunk("Vingt-cinq "), Act.HOLD, chunk("jours [1]."), b"data: [DONE]\n\n"])

pytestmark = pytest.mark.usefixtures("closed_connections")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is saved, and the database tried again, many times a second."""
    monkeypatch.setattr(running, "SAVE_EVERY_S", 0.05)
    monkeypatch.setattr(saving, "_FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(saving, "_LONGEST_PAUSE_S", 0.1)


async def about_leave(library: Cast) -> Question:
    model = await in_database(choose_model, library.instance)
    return Question(instance=library.instance, text=ABOUT_LEAVE, model=model)


async def begin(library: Cast, conversation_id: UUID | None = None) -> Asked:
    """Ask as the view does, and wait for the first words."""
    question = await about_leave(library)
    asked = await in_tenant(
        library.instance,
        ask,
        instance=library.instance,
        user=library.teammate,
        question=ABOUT_LEAVE,
        model_id=question.model.id,
        conversation_id=conversation_id,
    )
    running.start(answer=asked.answer, question=question, user=library.teammate)
    async for event in follow(library.instance, asked.answer.pk, 0, cited_only=False):
        if event.name == "token":
            break
    return asked


async def followed(library: Cast, answer_id: UUID) -> list[ServerSentEvent]:
    async with asyncio.timeout(60):
        numbered = follow(library.instance, answer_id, 0, cited_only=False)
        return [event async for event in numbered]


def records(instance: Instance, answer_id: UUID) -> list[UsageRecord]:
    """The records of an answer, in its own instance."""
    with tenant(instance):
        return list(UsageRecord.objects.filter(request_id=answer_id, kind="answer"))


async def only_record(library: Cast, answer_id: UUID) -> UsageRecord:
    (record,) = await in_database(records, library.instance, answer_id)
    assert not await in_database(records, library.other_instance, answer_id)
    return record


def message_of(asked: Asked) -> Message:
    with tenant(asked.answer.instance_id):
        return Message.objects.get(pk=asked.answer.pk)


def kept_files() -> list[str]:
    return [str(finished.answer_id) for finished in unsaved.kept()]


# --- Deleted, stopped, left -----------------------------------------------------------------------
async def test_deleted_conversation_leaves_the_cost_of_its_answer(
    library: Cast, llm: ScriptedLLM, client_for: Callable[[Any], Any]
) -> None:
    llm.script(HELD)
    asked = await begin(library)
    path = f"/i/law/c/{asked.conversation.pk}/delete/"
    client = await sync_to_async(client_for)(library.teammate)
    assert (await sync_to_async(client.post)(path)).status_code == 302
    assert "done" not in [event.name for event in await followed(library, asked.answer.pk)]
    record = await only_record(library, asked.answer.pk)
    assert (record.outcome, record.user_id) == ("stopped", library.teammate.pk)
    assert record.prompt_tokens > 0
    assert record.completion_tokens > 0
    await asyncio.to_thread(llm.wait_until, lambda: llm.requests[0].left_early)

    def left() -> int:
        return Conversation.objects.count() + Message.objects.count() + Citation.objects.count()

    assert await in_tenant(library.instance, left) == 0


@contextmanager
def locked(asked: Asked) -> Iterator[None]:
    """Hold the answer's row in a transaction, so that whoever saves it waits."""
    with tenant(asked.answer.instance_id):
        Message.objects.select_for_update().get(pk=asked.answer.pk)
        yield


@pytest.mark.parametrize("times", [1, 2, 10], ids=["once", "twice", "ten times"])
async def test_stop_pressed_while_the_end_is_saved(
    library: Cast, llm: ScriptedLLM, times: int
) -> None:
    llm.script(HELD)
    asked = await begin(library)
    answer = running._running[asked.answer.pk]
    release = asyncio.Event()

    def hold(loop: asyncio.AbstractEventLoop) -> None:
        with locked(asked):
            asyncio.run_coroutine_threadsafe(stop_again(), loop).result(timeout=60)
        connection.close()

    async def stop_again() -> None:
        for _ in range(times):
            await running.stop(library.instance, asked.answer)
            await asyncio.to_thread(wait_for_the_saving)
        release.set()

    def wait_for_the_saving() -> None:
        wait_until(is_anybody_waiting)
        connection.close()

    await asyncio.to_thread(hold, asyncio.get_running_loop())
    done = (await followed(library, asked.answer.pk))[-1]
    assert release.is_set()
    assert answer.done
    assert (done.data["status"], done.data["content"]) == ("stopped", "Vingt-cinq ")
    assert (await only_record(library, asked.answer.pk)).outcome == "stopped"


async def test_nul_character_is_removed_from_an_answer(library: Cast, llm: ScriptedLLM) -> None:
    llm.script(stream("\0", "Vingt\0-cinq ", "jours [1]."))
    asked = await begin(library)
    done = (await followed(library, asked.answer.pk))[-1]
    assert (done.data["status"], done.data["content"]) == ("complete", "Vingt-cinq jours [1].")
    assert (await only_record(library, asked.answer.pk)).outcome == "complete"


async def test_text_is_kept_when_the_process_ends(library: Cast, llm: ScriptedLLM) -> None:
    """As asyncio does it when a server stops: every task is cancelled once."""
    llm.script(HELD)
    asked = await begin(library)
    answer = running._running[asked.answer.pk]
    for task in (answer.generation, answer.writer):
        task.cancel()
    done = (await followed(library, asked.answer.pk))[-1]
    assert (done.data["status"], done.data["content"]) == ("failed", "Vingt-cinq ")
    # A write of the progress that was in its thread when the task was cancelled.
    late = partial(
        save_progress, library.instance.pk, asked.answer.pk, AnswerResult.empty(EXTRACTS.figures)
    )
    assert not await in_tenant(library.instance, late)
    assert (await in_database(message_of, asked)).status == "failed"
    assert (await only_record(library, asked.answer.pk)).outcome == "failed"


async def test_removed_member_is_recorded(library: Cast, llm: ScriptedLLM) -> None:
    llm.script(HELD)
    asked = await begin(library)
    members = Membership.objects.filter(user=library.teammate)
    await in_tenant(library.instance, members.delete)
    await followed(library, asked.answer.pk)
    record = await only_record(library, asked.answer.pk)
    assert (record.outcome, record.user_id) == ("failed", library.teammate.pk)


async def test_erased_person_is_recorded_without_a_name(library: Cast, llm: ScriptedLLM) -> None:
    llm.script(HELD)
    asked = await begin(library)
    await in_database(erase_person, library.teammate)
    await followed(library, asked.answer.pk)
    record = await only_record(library, asked.answer.pk)
    assert record.user_id is None
    assert record.completion_tokens > 0


# --- The database goes away -----------------------------------------------------------------------
async def test_ending_waits_for_the_database(
    library: Cast, llm: ScriptedLLM, database: DatabaseSwitch
) -> None:
    llm.script(HELD)
    asked = await begin(library)
    await asyncio.to_thread(database.cut)
    await asyncio.to_thread(llm.release)
    await asyncio.to_thread(wait_until, kept_files)
    assert not running._running[asked.answer.pk].done
    await asyncio.to_thread(database.restore)
    done = (await followed(library, asked.answer.pk))[-1]
    assert (done.data["status"], done.data["content"]) == ("complete", "Vingt-cinq jours [1].")
    assert done.data["used"] == [1]
    assert (await only_record(library, asked.answer.pk)).outcome == "complete"
    assert kept_files() == []


async def test_ending_of_a_dead_process_is_saved_by_the_reconciler(
    library: Cast, subjects: None, llm: ScriptedLLM, database: DatabaseSwitch, monkeypatch: Any
) -> None:
    monkeypatch.setattr(saving, "PATIENCE_S", 0.0)
    llm.script(HELD)
    asked = await begin(library)
    await asyncio.to_thread(database.cut)
    await asyncio.to_thread(llm.release)
    assert "done" not in [event.name for event in await followed(library, asked.answer.pk)]
    assert kept_files() == [str(asked.answer.pk)]
    folder = django_settings.MEDIA_ROOT / str(library.instance.pk) / unsaved.FOLDER
    assert {path.stat().st_mode & 0o777 for path in [folder, *folder.iterdir()]} == {0o700, 0o600}
    await asyncio.to_thread(database.restore)
    content = (folder / f"{asked.answer.pk}.json").read_bytes()
    for _ in range(2):
        await in_database(tasks.reconcile)
        # Killed between the commit and the removal of the file: the next run does it again.
        (folder / f"{asked.answer.pk}.json").write_bytes(content)
    await in_database(tasks.reconcile)
    assert kept_files() == []
    message = await in_database(message_of, asked)
    assert (message.status, message.content) == ("complete", "Vingt-cinq jours [1].")
    used = Citation.objects.filter(message=asked.answer, used=True)
    assert await in_tenant(library.instance, used.count) == 1
    record = await only_record(library, asked.answer.pk)
    assert (record.outcome, record.user_id) == ("complete", library.teammate.pk)
    assert record.subject == "650"


async def test_answer_closed_during_database_outage_continues(
    library: Cast, llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "SAVE_EVERY_S", 1.0)
    llm.script(HELD)
    asked = await begin(library)

    def close() -> None:
        with tenant(library.instance):
            Message.objects.filter(pk=asked.answer.pk).update(
                updated_at=timezone.now() - 2 * SILENCE
            )
        tasks.reconcile()

    await in_database(close)
    assert (await in_database(message_of, asked)).error_code == "interrupted"
    assert (await only_record(library, asked.answer.pk)).outcome == "failed"
    async with asyncio.timeout(30):
        while (await in_database(message_of, asked)).status != AnswerStatus.STREAMING:
            await asyncio.sleep(0.05)
    await asyncio.to_thread(llm.release)
    done = (await followed(library, asked.answer.pk))[-1]
    assert (done.data["status"], done.data["content"]) == ("complete", "Vingt-cinq jours [1].")
    assert (await only_record(library, asked.answer.pk)).outcome == "complete"


async def test_answer_of_the_api_is_recorded_when_the_database_is_back(
    library: Cast, llm: ScriptedLLM, database: DatabaseSwitch
) -> None:
    llm.script(HELD)
    key, _secret = await in_database(
        create_api_key, instance=library.instance, name="k", scope="chat", created_by=library.owner
    )
    answer = ApiAnswer(await about_leave(library), key, ADMITTED)
    await answer.begin()
    whole = asyncio.create_task(Completion(answer).whole())
    await asyncio.to_thread(database.cut)
    await asyncio.to_thread(llm.release)
    await asyncio.to_thread(wait_until, kept_files)
    # The program has gone meanwhile.
    whole.cancel()
    await asyncio.to_thread(database.restore)
    await asyncio.to_thread(wait_until, lambda: not kept_files())

    found = UsageRecord.objects.filter(kind="answer")
    rows = found.values_list("outcome", "user_id", "api_key_id")
    assert await in_tenant(library.instance, list, rows) == [("complete", library.owner.pk, key.pk)]


async def test_answer_of_the_api_that_cannot_be_saved_has_its_citations(
    library: Cast, llm: ScriptedLLM, database: DatabaseSwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "PATIENCE_S", 0.0)
    llm.script(HELD)
    key, _secret = await in_database(
        create_api_key, instance=library.instance, name="test", scope="chat", created_by=None
    )
    question = await about_leave(library)
    answer = ApiAnswer(question, key, ADMITTED)
    await answer.begin()
    await asyncio.to_thread(database.cut)
    await asyncio.to_thread(llm.release)
    whole = await Completion(answer).whole()
    assert whole["choices"][0]["message"]["content"] == "Vingt-cinq jours [1]."
    (citation,) = whole["citations"]
    assert (citation["number"], citation["document"], citation["page"]) == (1, "conges.txt", 1)
    assert "vingt-cinq jours" in citation["quote"]
    assert whole["impact"]["energy_wh"] > 0
    await asyncio.to_thread(database.restore)


# --- The process is killed ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("stop_requested", "ending"),
    [(False, ("failed", "interrupted", "failed")), (True, ("stopped", "", "stopped"))],
    ids=["interrupted", "stopped"],
)
async def test_answer_of_a_killed_process_is_recorded_as_far_as_known(
    library: Cast, llm: ScriptedLLM, stop_requested: bool, ending: tuple[str, str, str]
) -> None:
    def abandon() -> Asked:
        asked = ask(
            instance=library.instance, user=library.teammate, question="?", model_id="scripted"
        )
        Citation.objects.create(
            instance=library.instance, message=asked.answer, number=1, document_name="x",
            page_start=1, page_end=1, char_start=0, char_end=3, text="Trois petits mots", score=1,
        )  # fmt: skip
        Message.objects.filter(pk=asked.answer.pk).update(
            content="Ce qui est venu",
            stop_requested=stop_requested,
            created_at=timezone.now() - 2 * SILENCE - timedelta(seconds=7),
            updated_at=timezone.now() - 2 * SILENCE,
        )
        return asked

    asked = await in_tenant(library.instance, abandon)
    for _ in range(2):
        await in_database(tasks.reconcile)
    message = await in_database(message_of, asked)
    record = await only_record(library, asked.answer.pk)
    assert (message.status, message.error_code, record.outcome) == ending
    assert (record.model, record.user_id) == ("scripted", library.teammate.pk)
    assert (record.prompt_tokens, record.completion_tokens) == (5, 4)
    assert record.tokens_estimated
    assert record.energy_wh > 0
    assert record.total_ms == pytest.approx(7000, abs=1000)


# --- Something is deleted at the same moment ------------------------------------------------------
def _delete_document(library: Cast, finished: FinishedAnswer) -> None:
    with tenant(library.instance):
        uploads.delete(Document.objects.get(pk=finished.result.chunks[0].document_id))


def _delete_conversation(library: Cast, finished: FinishedAnswer) -> None:
    with tenant(library.instance):
        delete(Message.objects.get(pk=finished.answer_id).conversation)


def _erase_person(library: Cast, _finished: FinishedAnswer) -> None:
    erase_person(library.teammate)


@pytest.mark.parametrize(
    "remove",
    [_delete_document, _delete_conversation, _erase_person],
    ids=["document", "conversation", "person"],
)
async def test_ending_is_saved_beside_a_deletion(
    library: Cast, remove: Callable[[Cast, FinishedAnswer], None]
) -> None:
    """The deletion is done and not yet committed while the ending is saved."""
    finished = await _finished(library)

    def race() -> None:
        with ThreadPoolExecutor(1) as saver:
            with transaction.atomic():
                remove(library, finished)
                saving_it = saver.submit(_save_in_thread, finished)
                wait_until(lambda: is_anybody_waiting() or saving_it.done())
            assert saving_it.result(timeout=60) is not None

    await in_database(race)
    record = await only_record(library, finished.answer_id)
    assert record.user_id == (None if remove is _erase_person else library.teammate.pk)

    def left() -> tuple[int, int]:
        messages = Message.objects.filter(pk=finished.answer_id, status="complete").count()
        return messages, Citation.objects.filter(document=None).count()

    messages, citations_without_document = await in_tenant(library.instance, left)
    assert messages == (1 if remove is _delete_document else 0)
    assert bool(citations_without_document) is (remove is _delete_document)


async def _finished(library: Cast) -> FinishedAnswer:
    """An answer that has just ended, and is not saved yet."""
    instance = library.instance
    who = {"instance": instance, "user": library.teammate}
    asked = await in_tenant(instance, ask, **who, question=ABOUT_LEAVE, model_id="extractive")
    level = Sensitivity.INTERNAL
    found = await asearch(instance=instance, query=ABOUT_LEAVE, sensitivity=level, top_k=3)
    result = replace(
        AnswerResult.empty(EXTRACTS.figures),
        text="Vingt-cinq jours [1].",
        search_query=ABOUT_LEAVE,
        chunks=found.chunks,
    )
    return FinishedAnswer(
        answer_id=asked.answer.pk,
        instance_id=library.instance.pk,
        user_id=library.teammate.pk,
        result=result.end(AnswerStatus.COMPLETE, elapsed_ms=0.0),
    )


def _save_in_thread(finished: FinishedAnswer) -> UsageRecord | None:
    try:
        return saving.save(finished)
    finally:
        connection.close()


async def test_ending_of_a_deleted_instance_is_dropped(library: Cast) -> None:
    finished = await _finished(library)
    gone = FinishedAnswer(
        answer_id=uuid4(), instance_id=2**31, result=finished.result, user_id=finished.user_id
    )
    unsaved.keep(gone)
    await in_database(tasks.reconcile)
    assert kept_files() == []


def test_question_in_conversation_under_deletion_is_refused(
    library: Cast, client_for: Callable[[Any], Any]
) -> None:
    with tenant(library.instance):
        asked = ask(
            instance=library.instance,
            user=library.teammate,
            question=ABOUT_LEAVE,
            model_id="extractive",
        )
    conversation = str(asked.conversation.pk)
    client = client_for(library.teammate)

    def ask_again() -> int:
        try:
            response = client.post(
                "/i/law/ask/",
                {"question": "Et alors ?", "conversation": conversation},
                content_type="application/json",
            )
            return int(response.status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        with tenant(library.instance):
            delete(asked.conversation)
            asking = other.submit(ask_again)
            wait_until(lambda: is_anybody_waiting() or asking.done())
        assert asking.result(timeout=60) == 404
