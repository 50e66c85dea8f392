"""Temporary conversations: in no list, read by nobody else, and erased when they are left.

The time of the erasure is in the row, so that no process must remember it: from then on the
conversation is not found, and the reconciler deletes it with its attachments
(``chat.conversations.retention``, docs/decisions/068-temporary-conversations.md).
"""

from datetime import timedelta
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from chat.models import Conversation
from instances.models import Instance

# After the last question, or the last time that its page was opened.
LIFETIME: Final = timedelta(hours=1)
# After its page was left: the time to come back from a cited document.
AFTER_LEAVING: Final = timedelta(minutes=5)


class OnlyTemporary(Exception):
    """The instance allows only temporary conversations; this one is kept, and cannot go on."""


def beginning(instance: Instance, *, title: str, is_temporary: bool) -> dict[str, Any]:
    """Return the fields of a new conversation; its title says nothing if it is temporary."""
    if not is_temporary and not instance.allows_only_temporary:
        return {"title": Conversation.title_of(title)}
    # The title is in the history of the browser, too.
    return {"title": _("Temporary conversation"), "temporary_until": timezone.now() + LIFETIME}


def require_continuable(instance: Instance, conversation: Conversation) -> None:
    """Raise ``OnlyTemporary`` if nothing more may be added to the conversation."""
    if instance.allows_only_temporary and not conversation.is_temporary:
        raise OnlyTemporary


def stay(conversation: Conversation, *, has_left: bool = False) -> None:
    """Keep a temporary conversation for as long as its page is open, or was just left.

    Runs inside ``tenant(instance)``.
    """
    if conversation.is_temporary:
        until = timezone.now() + (AFTER_LEAVING if has_left else LIFETIME)
        Conversation.objects.filter(pk=conversation.pk).update(temporary_until=until)
