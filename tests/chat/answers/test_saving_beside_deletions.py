"""An answer is saved while its document, its conversation or its person is deleted."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from accounts.users.erasure import erase_person
from chat import tasks
from chat.answers import saving, unsaved
from chat.answers.persistence import FinishedAnswer
from chat.answers.result import AnswerResult
from chat.conversations.turns import ask, delete
from chat.models import Citation, Message
from inference.offered_models import EXTRACTS
from ingestion import uploads
from ingestion.models import Document
from instances.models import Sensitivity
from instances.tenancy import in_database, in_tenant, tenant
from retrieval.search import asearch
from tests.cast import Cast
from tests.chat.answers.asking import ABOUT_LEAVE, kept_files, only_record
from tests.fixtures.database import is_anybody_waiting
from tests.fixtures.waiting import wait_until
from usage.models import AnswerStatus, UsageRecord

pytestmark = pytest.mark.usefixtures("closed_connections", "quick_saving")


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
