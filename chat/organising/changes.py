"""Pin and archive a person's conversations, one or several at once, and undo it.

All functions run inside ``tenant(instance)``. The place of a conversation in the list by day stays
the same: it is that of its last question.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.http import Http404
from django.utils.translation import ngettext

from chat.conversations.listing import own_conversations
from instances.models import Membership

# The fields before a change, by conversation; JSON.
Before = dict[str, dict[str, Any]]


class Action(StrEnum):
    """What may be done with conversations."""

    PIN = "pin"
    UNPIN = "unpin"
    ARCHIVE = "archive"
    RESTORE = "restore"


_FIELDS: Final = ("is_pinned", "is_archived")
_CHANGES: Final[Mapping[str, Mapping[str, bool]]] = {
    Action.PIN: {"is_pinned": True, "is_archived": False},
    Action.UNPIN: {"is_pinned": False},
    Action.ARCHIVE: {"is_pinned": False, "is_archived": True},
    Action.RESTORE: {"is_archived": False},
}


def organise(membership: Membership, action: str, conversation_ids: Sequence[UUID]) -> Before:
    """Do an action with conversations of the person; return what ``undo`` needs.

    Those of others and deleted ones are skipped; raises Http404 when none is left.
    """
    own = own_conversations(membership).filter(pk__in=conversation_ids)
    rows = own.order_by("pk").select_for_update().values("pk", *_FIELDS)
    before = {str(row.pop("pk")): row for row in rows}
    if not before:
        raise Http404
    own.update(**_CHANGES[action])
    return before


def undo(membership: Membership, before: Before) -> int:
    """Give conversations the fields that they had; return how many of them still exist."""
    own = list(own_conversations(membership).filter(pk__in=before).select_for_update())
    for conversation in own:
        for name, value in before[str(conversation.pk)].items():
            setattr(conversation, name, value)
    own_conversations(membership).bulk_update(own, _FIELDS)
    return len(own)


def sentence_of(action: str, n: int) -> str:
    """Return what was done with ``n`` conversations, in the reader's language."""
    match action:
        case Action.PIN:
            text = ngettext("Conversation pinned", "%(n)s conversations pinned", n)
        case Action.UNPIN:
            text = ngettext("Conversation no longer pinned", "%(n)s conversations unpinned", n)
        case Action.ARCHIVE:
            text = ngettext("Conversation archived", "%(n)s conversations archived", n)
        case _:
            text = ngettext("Conversation restored", "%(n)s conversations restored", n)
    return text % {"n": n}
