"""Pin, archive, file and delete a person's conversations, one or several; undo it.

All functions run inside ``tenant(instance)``. The place of a conversation in the list by day stays
the same: it is that of its last question.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.http import Http404
from django.utils.translation import ngettext

from chat.conversations.turns import delete
from chat.models import Conversation, ConversationFolder
from chat.organising.folders import folders_of
from chat.organising.listing import own_conversations
from instances.models import Membership

# The fields before a change, by conversation; JSON.
Before = dict[str, dict[str, Any]]


class Action(StrEnum):
    """What may be done with conversations."""

    PIN = "pin"
    UNPIN = "unpin"
    ARCHIVE = "archive"
    RESTORE = "restore"
    MOVE = "move"
    EXPORT = "export"
    DELETE = "delete"


_FIELDS: Final = ("is_pinned", "is_archived", "folder")
_CHANGES: Final[Mapping[str, Mapping[str, bool]]] = {
    Action.PIN: {"is_pinned": True, "is_archived": False},
    Action.UNPIN: {"is_pinned": False},
    Action.ARCHIVE: {"is_pinned": False, "is_archived": True},
    Action.RESTORE: {"is_archived": False},
}


def chosen(membership: Membership, conversation_ids: Sequence[UUID]) -> list[Conversation]:
    """Return the conversations of the person among these, newest first.

    Those of others and deleted ones are skipped; raises Http404 when none is left.
    """
    found = list(own_conversations(membership).filter(pk__in=conversation_ids))
    if not found:
        raise Http404
    return found


def organise(membership: Membership, action: str, conversations: Sequence[Conversation]) -> Before:
    """Pin, archive or restore conversations; return what ``undo`` needs."""
    return _change(membership, conversations, _CHANGES[action])


def move(
    membership: Membership,
    conversations: Sequence[Conversation],
    folder: ConversationFolder | None,
) -> Before:
    """Put conversations into a folder, or out of theirs; return what ``undo`` needs."""
    return _change(membership, conversations, {"folder": folder})


def delete_all(conversations: Sequence[Conversation]) -> None:
    """Delete conversations for good."""
    for conversation in sorted(conversations, key=lambda one: one.pk):
        delete(conversation)


def undo(membership: Membership, before: Before) -> int:
    """Give conversations the fields that they had; return how many of them still exist."""
    own = list(own_conversations(membership).filter(pk__in=before).select_for_update())
    folders = {folder.pk: folder for folder in folders_of(membership)}
    for conversation in own:
        fields = before[str(conversation.pk)]
        conversation.is_pinned, conversation.is_archived = (
            fields["is_pinned"],
            fields["is_archived"],
        )
        conversation.folder = folders.get(fields["folder"])
    own_conversations(membership).bulk_update(own, _FIELDS)
    return len(own)


def _change(
    membership: Membership, conversations: Sequence[Conversation], changes: Mapping[str, Any]
) -> Before:
    own = own_conversations(membership).filter(pk__in=[one.pk for one in conversations])
    rows = own.order_by("pk").select_for_update().values("pk", *_FIELDS)
    before = {str(row.pop("pk")): row for row in rows}
    own.update(**changes)
    return before


def sentence_of(action: str, n: int, folder: ConversationFolder | None = None) -> str:
    """Return what was done with ``n`` conversations, in the reader's language."""
    match action:
        case Action.PIN:
            text = ngettext("Conversation pinned", "%(n)s conversations pinned", n)
        case Action.UNPIN:
            text = ngettext("Conversation no longer pinned", "%(n)s conversations unpinned", n)
        case Action.ARCHIVE:
            text = ngettext("Conversation archived", "%(n)s conversations archived", n)
        case Action.DELETE:
            text = ngettext(
                "Conversation deleted for good", "%(n)s conversations deleted for good", n
            )
        case Action.MOVE if folder:
            text = ngettext(
                "Conversation moved to “%(name)s”", "%(n)s conversations moved to “%(name)s”", n
            )
        case Action.MOVE:
            text = ngettext(
                "Conversation taken out of its folder",
                "%(n)s conversations taken out of their folders",
                n,
            )
        case _:
            text = ngettext("Conversation restored", "%(n)s conversations restored", n)
    return text % {"n": n, "name": folder.name if folder else ""}
