"""An answer is stored and recorded once although the database or its process fails."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from chat import running, tasks
from chat.answers import saving, unsaved
from chat.answers.abandoned import SILENCE
from chat.api.api_answer import ApiAnswer
from chat.api.chat_completions import Completion
from chat.conversations.turns import Asked, ask
from chat.models import Citation, Message
from instances.access.api_keys import create_api_key
from instances.tenancy import in_database, in_tenant, tenant
from tests.cast import Cast
from tests.chat.answers.asking import (
    HELD,
    about_leave,
    begin,
    followed,
    kept_files,
    message_of,
    only_record,
)
from tests.fixtures.database import DatabaseSwitch
from tests.fixtures.waiting import wait_until
from tests.scripted_llm import ScriptedLLM
from usage.admission import UNLIMITED
from usage.models import AnswerStatus, UsageRecord
from usage.quotas.api_requests import AdmittedRequest

ADMITTED = AdmittedRequest(uuid4(), UNLIMITED, {})
pytestmark = pytest.mark.usefixtures("closed_connections", "quick_saving")


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
