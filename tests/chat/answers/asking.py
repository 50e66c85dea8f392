"""Ask a question as the view does, follow its answer, and read what was stored of it."""

import asyncio
from uuid import UUID

from chat import running
from chat.answering import Question
from chat.answers import unsaved
from chat.conversations.turns import Asked, ask
from chat.models import Message
from inference.catalogue import choose_model
from instances.models import Instance
from instances.tenancy import in_database, in_tenant, tenant
from tests.cast import Cast
from tests.chat.following import follow
from tests.scripted_llm import Act, Reply, chunk
from usage.models import UsageRecord
from web.server_sent_events import ServerSentEvent

ABOUT_LEAVE = "Combien de jours de congé ont les doctorants ?"
HELD = Reply([chunk("Vingt-cinq "), Act.HOLD, chunk("jours [1]."), b"data: [DONE]\n\n"])


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
