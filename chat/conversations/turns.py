"""Conversations as trees: asking, editing, regenerating, selecting a branch.

All functions run inside ``tenant(instance)``. They create a question and an empty answer with the
status ``streaming``, which ``chat.running`` then generates.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from django.http import Http404
from django.utils import timezone

from chat.conversations.attachments import attachment_ids, attachments_of
from chat.conversations.finding import get_conversation, locked, unexpired
from chat.conversations.temporary import LIFETIME, beginning
from chat.models import Citation, Conversation, Message
from inference.llm.backend import ChatMessage, Role
from ingestion.models import Document
from ingestion.storing.stored_files import delete_files_on_commit
from instances.models import Instance, Sensitivity
from people.models import User
from usage.models import AnswerStatus
from web.postgresql.prepared_insert import PreparedInsert

MAX_QUESTION_CHARS = 8_000
MAX_HISTORY = 6
_CONVERSATIONS = PreparedInsert(Conversation)
_MESSAGES = PreparedInsert(Message)


class UnknownDocument(ValueError):
    """A document of the restriction is not in the instance, or no longer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and its answer, which is still empty."""

    conversation: Conversation
    question: Message
    answer: Message


@dataclass(frozen=True, slots=True)
class Turn:
    """A message of the selected branch, with its place among its siblings (from 1)."""

    message: Message
    version: int
    versions: tuple[UUID, ...]


def get_message(instance: Instance, user: User, message_id: UUID) -> Message:
    """Return a message of the person's conversations; raises Http404 for any other."""
    message = (
        Message.objects.for_instance(instance)
        .filter(unexpired("conversation__"), pk=message_id, conversation__user=user)
        .select_related("conversation", "parent")
        .first()
    )
    if message is None:
        raise Http404
    return message


def ask(
    *,
    instance: Instance,
    user: User,
    question: str,
    model_id: str,
    conversation_id: UUID | None = None,
    document_ids: Sequence[UUID] = (),
    attachments_only: bool = False,
    is_temporary: bool = False,
) -> Asked:
    """Add a question to the end of the selected branch, or start a conversation with it.

    It is answered from ``document_ids``, if any are given, and what is attached to the
    conversation; with ``attachments_only``, from that alone. A new conversation ``is_temporary``
    if the person or the instance wants it.

    Raises Http404 for a conversation of another person, ``UnknownDocument`` for a document that is
    not in the instance.
    """
    _check_documents(instance, document_ids)
    if conversation_id is not None:
        conversation = locked(get_conversation(instance, user, conversation_id))
        if conversation.leaf_id is None and not conversation.is_temporary:
            # Only files were attached to it, after the first of which it is named.
            conversation.title = Conversation.title_of(question)
        if attachments_only:
            document_ids = attachment_ids(conversation)
        return _ask(conversation, conversation.leaf, question, model_id, document_ids)
    fields = beginning(instance, title=question, is_temporary=is_temporary)
    conversation = Conversation(instance=instance, user=user, model=model_id, **fields)
    asked = _new_turn(conversation, None, question, model_id, document_ids)
    # The database checks at the end of the transaction that its leaf is there.
    conversation.leaf = asked.answer
    _CONVERSATIONS.insert([conversation])
    _MESSAGES.insert([asked.question, asked.answer])
    return asked


def edit_question(question: Message, text: str, *, model_id: str) -> Asked:
    """Ask a question again in other words, as a sibling of the first."""
    conversation = locked(question.conversation)
    return _ask(conversation, question.parent, text, model_id, question.document_ids)


def regenerate(answer: Message, *, model_id: str) -> Asked:
    """Add another answer to a question, as a sibling of the first."""
    question = answer.parent
    if answer.role != Message.Role.ASSISTANT or question is None:
        raise Http404
    conversation = locked(answer.conversation)
    again = _empty_answer(question, model_id)
    _MESSAGES.insert([again])
    _select(conversation, again)
    return Asked(conversation, question, again)


def select_branch(message: Message) -> None:
    """Select the branch of ``message``, down to its latest descendant."""
    children: dict[UUID | None, list[Message]] = {}
    for other in message.conversation.messages.order_by("created_at"):
        children.setdefault(other.parent_id, []).append(other)
    leaf = message
    while below := children.get(leaf.pk):
        leaf = below[-1]
    Conversation.objects.filter(pk=message.conversation_id).update(leaf=leaf)


def branch(conversation: Conversation) -> list[Turn]:
    """Return the turns of the selected branch, in order, with citations and feedback loaded."""
    messages = list(
        conversation.messages.order_by("created_at", "pk")
        .select_related("feedback", "repeats")
        .prefetch_related("citations")
    )
    by_id = {message.pk: message for message in messages}
    siblings: dict[UUID | None, list[UUID]] = {}
    for message in messages:
        siblings.setdefault(message.parent_id, []).append(message.pk)
    turns: list[Turn] = []
    current = by_id.get(conversation.leaf_id) if conversation.leaf_id else None
    while current is not None:
        versions = tuple(siblings[current.parent_id])
        turns.insert(0, Turn(current, versions.index(current.pk) + 1, versions))
        current = by_id.get(current.parent_id) if current.parent_id else None
    return turns


def history_before(question: Message, instance: Instance) -> tuple[ChatMessage, ...]:
    """Return the last turns before a question, in order, without empty answers.

    An answer is as sensitive as what it was made from, and as its documents are now.
    """
    written = (message for message in _ancestors(question) if message.content)
    messages = list(islice(written, MAX_HISTORY))[::-1]
    levels: dict[UUID, list[str]] = {
        message.pk: [instance.sensitivity, message.sensitivity] for message in messages
    }
    given = Citation.objects.for_instance(instance).filter(message__in=levels, is_withheld=False)
    for pk, level in given.exclude(document=None).values_list(
        "message_id", "document__sensitivity"
    ):
        levels[pk].append(level)
    return tuple(
        ChatMessage(_ROLES[one.role], one.content, Sensitivity.highest(levels[one.pk]))
        for one in messages
    )


def rename(conversation: Conversation, title: str) -> None:
    """Rename a conversation, without changing its place in the list."""
    Conversation.objects.filter(pk=conversation.pk).update(title=Conversation.title_of(title))


def delete(conversation: Conversation) -> None:
    """Delete a conversation with its attachments; its running answer stops within a second.

    The usage records of its answers are kept.
    """
    # Concurrent transactions that add to it (questions, citations) commit before this, or fail.
    list(Conversation.objects.select_for_update().filter(pk=conversation.pk))
    list(Message.objects.select_for_update().filter(conversation=conversation).order_by("pk"))
    delete_files_on_commit(attachments_of(conversation))
    conversation.delete()


_ROLES: dict[str, Role] = {
    Message.Role.USER.value: "user",
    Message.Role.ASSISTANT.value: "assistant",
}


def _ask(
    conversation: Conversation,
    parent: Message | None,
    text: str,
    model_id: str,
    document_ids: Sequence[UUID],
) -> Asked:
    asked = _new_turn(conversation, parent, text, model_id, document_ids)
    _MESSAGES.insert([asked.question, asked.answer])
    conversation.model = model_id
    _select(conversation, asked.answer)
    return asked


def _new_turn(
    conversation: Conversation,
    parent: Message | None,
    text: str,
    model_id: str,
    document_ids: Sequence[UUID],
) -> Asked:
    """Return a question and its empty answer, not saved."""
    question = Message(
        instance_id=conversation.instance_id,
        conversation=conversation,
        parent=parent,
        role=Message.Role.USER,
        content=text,
        document_ids=list(document_ids),
    )
    return Asked(conversation, question, _empty_answer(question, model_id))


def _empty_answer(question: Message, model_id: str) -> Message:
    """Return an answer that is being written, not saved."""
    return Message(
        instance_id=question.instance_id,
        conversation_id=question.conversation_id,
        parent=question,
        role=Message.Role.ASSISTANT,
        status=AnswerStatus.STREAMING,
        model=model_id,
    )


def _select(conversation: Conversation, leaf: Message) -> None:
    conversation.leaf = leaf
    conversation.is_archived = False
    if conversation.is_temporary:
        conversation.temporary_until = timezone.now() + LIFETIME
    conversation.save(
        update_fields=["leaf", "title", "model", "is_archived", "temporary_until", "updated_at"]
    )


def _ancestors(message: Message) -> Iterator[Message]:
    while message.parent_id is not None:
        message = Message.objects.get(pk=message.parent_id)
        yield message


def _check_documents(instance: Instance, document_ids: Sequence[UUID]) -> None:
    wanted = set(document_ids)
    known = Document.objects.for_instance(instance).filter(pk__in=wanted).count()
    if known != len(wanted):
        raise UnknownDocument("a document is not in the instance")
