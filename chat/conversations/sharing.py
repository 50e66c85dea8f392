"""Conversations that members of the instance may read by a link, until their author ends it.

What is shared is the branch as it was then; later turns need the author's consent again. All
functions run inside ``tenant(instance)``.
"""

from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.http import Http404
from django.utils.translation import gettext as _

from chat.conversations.pages import ShownTurn, shown_turns
from chat.conversations.temporary import beginning
from chat.conversations.turns import branch
from chat.models import Citation, Conversation, Message, SharedConversation
from instances.models import Membership
from usage.models import AnswerStatus

Row = TypeVar("Row", Message, Citation)


class NotShareable(Exception):
    """A conversation cannot be shared now; its text says why, and what to do."""


def share(conversation: Conversation) -> SharedConversation:
    """Share the selected branch as it is now; the link stays the same.

    Raises ``NotShareable``.
    """
    if conversation.is_temporary:
        raise NotShareable(_("A temporary conversation is not shared: nobody else may read it."))
    leaf = conversation.leaf
    if leaf is None or leaf.status == AnswerStatus.STREAMING:
        raise NotShareable(_("The last answer is still being written. Share when it is complete."))
    if conversation.has_attachments:
        raise NotShareable(
            _("Only you may read the files attached to this conversation. Share another one.")
        )
    shared, _created = SharedConversation.objects.update_or_create(
        instance_id=conversation.instance_id, conversation=conversation, defaults={"leaf": leaf}
    )
    return shared


def stop_sharing(conversation: Conversation) -> None:
    """End the link; another one will be different."""
    SharedConversation.objects.filter(conversation=conversation).delete()


def shared_of(conversation: Conversation) -> SharedConversation | None:
    """Return the link to a conversation, or None."""
    found = SharedConversation.objects.for_instance(conversation.instance_id)
    return found.filter(conversation=conversation).first()


def get_shared(membership: Membership, link_id: UUID) -> SharedConversation:
    """Return a conversation that a member may read; raises Http404 for any other.

    It ends with its author's membership: who has left could not end it.
    """
    author = Membership.objects.for_instance(membership.instance).filter(
        user_id=OuterRef("conversation__user_id")
    )
    shared = (
        SharedConversation.objects.for_instance(membership.instance)
        .filter(Exists(author), pk=link_id)
        .select_related("conversation__user", "leaf")
        .first()
    )
    if shared is None:
        raise Http404
    # As it is read here, the conversation shows the branch that was shared.
    shared.conversation.leaf = shared.leaf
    shared.conversation.instance = membership.instance
    return shared


def shared_turns(shared: SharedConversation, *, cited_only: bool) -> list[ShownTurn]:
    """Return what readers see: the turns without other versions, ratings and reasoning."""
    hidden = {"feedback": None, "reasoning": ""}
    return [
        replace(
            turn,
            data=turn.data | hidden | {"versions": [turn.data["id"]]},
            restricted_to=() if cited_only else turn.restricted_to,
        )
        for turn in shown_turns(shared.conversation, cited_only=cited_only)
    ]


def shared_answer(shared: SharedConversation, message_id: UUID) -> Message:
    """Return an answer of a shared branch; raises Http404 for any other message."""
    for turn in branch(shared.conversation):
        if turn.message.pk == message_id and turn.message.role == Message.Role.ASSISTANT:
            return turn.message
    raise Http404


def continue_shared(shared: SharedConversation, membership: Membership) -> Conversation:
    """Copy a shared branch into a new conversation of the reader, and return it."""
    original = shared.conversation
    messages: list[Message] = []
    citations: list[Citation] = []
    conversation = Conversation.objects.create(
        instance_id=original.instance_id,
        user_id=membership.user_id,
        model=original.model,
        **beginning(membership.instance, title=original.title, is_temporary=False),
    )
    parent: Message | None = None
    for turn in branch(original):
        message = _copy(turn.message, conversation=conversation, parent=parent, repeats=None)
        messages.append(message)
        citations += [_copy(one, message=message) for one in turn.message.citations.all()]
        parent = message
    Message.objects.bulk_create(messages)
    Citation.objects.bulk_create(citations)
    conversation.leaf = parent
    conversation.save(update_fields=["leaf"])
    return conversation


def _copy(row: Row, **changed: object) -> Row:
    """Return a row with a key of its own and the values of another, not saved."""
    fields = [field for field in row._meta.concrete_fields if not field.primary_key]
    kept = {each.attname: getattr(row, each.attname) for each in fields if each.name not in changed}
    return type(row)(**kept, **changed)
