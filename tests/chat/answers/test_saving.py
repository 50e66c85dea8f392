"""An answer that ends is stored, and what it cost is recorded once, whatever happens meanwhile."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from accounts.users.erasure import erase_person
from chat import running
from chat.answers.persistence import save_progress
from chat.answers.result import AnswerResult
from chat.conversations.turns import Asked
from chat.models import Citation, Conversation, Message
from inference.offered_models import EXTRACTS
from instances.models import Membership
from instances.tenancy import in_database, in_tenant, tenant
from tests.cast import Cast
from tests.chat.answers.asking import (
    HELD,
    begin,
    followed,
    message_of,
    only_record,
)
from tests.fixtures.database import is_anybody_waiting
from tests.fixtures.waiting import wait_until
from tests.scripted_llm import ScriptedLLM, stream

pytestmark = pytest.mark.usefixtures("closed_connections", "quick_saving")


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
