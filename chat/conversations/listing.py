"""A person's conversations, grouped by day, for the side bar."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from chat.models import Conversation, Message
from instances.models import Membership
from web.search_words import search_words

LISTED = 60
_DAYS_NAMED_ALONE = 7


@dataclass(frozen=True, slots=True)
class Day:
    """The conversations last changed on a day or in a month, newest first."""

    label: str
    conversations: list[Conversation] = field(default_factory=list)


def own_conversations(membership: Membership) -> QuerySet[Conversation]:
    """Return the person's conversations, newest first; runs inside ``tenant(instance)``."""
    return (
        Conversation.objects.for_instance(membership.instance)
        .filter(user_id=membership.user_id)
        .order_by("-updated_at", "-pk")
    )


def recent_days(membership: Membership) -> list[Day]:
    """Return the latest conversations by day: the last seven days, then months."""
    return by_day(own_conversations(membership)[:LISTED])


def search_conversations(membership: Membership, query: str) -> QuerySet[Conversation]:
    """Return the conversations whose title or messages contain every word of ``query``."""
    found = own_conversations(membership)
    for word in search_words(query):
        said = Message.objects.for_instance(membership.instance).filter(
            conversation=OuterRef("pk"), content__icontains=word
        )
        found = found.filter(Q(title__icontains=word) | Exists(said))
    return found


def by_day(conversations: Iterable[Conversation]) -> list[Day]:
    """Group conversations, which must be sorted, newest first."""
    today = timezone.localdate()
    labelled = groupby(
        conversations, key=lambda one: _label(timezone.localdate(one.updated_at), today)
    )
    return [Day(label, list(group)) for label, group in labelled]


def _label(day: date, today: date) -> str:
    if day >= today:
        return _("Today")
    if day == today - timedelta(days=1):
        return _("Yesterday")
    if day > today - timedelta(days=_DAYS_NAMED_ALONE):
        return formats.date_format(day, "l").capitalize()
    return formats.date_format(day, "F Y").capitalize()
