"""A person's conversations: pinned, by folder or by day, archived, and found by their words."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from chat.conversations.plain_text import one_line
from chat.models import Conversation, ConversationFolder, Message
from chat.organising.folders import folders_of
from instances.models import Membership
from web.search_words import search_words

LISTED = 60
_DAYS_NAMED_ALONE = 7
_SNIPPET_CHARS = 120


@dataclass(frozen=True, slots=True)
class Day:
    """The conversations pinned, or last changed on a day or in a month, newest first."""

    label: str
    conversations: list[Conversation] = field(default_factory=list)

    @property
    def repeated_titles(self) -> set[str]:
        """Titles of several conversations, which only their time distinguishes."""
        titles = Counter(conversation.title for conversation in self.conversations)
        return {title for title, times in titles.items() if times > 1}


@dataclass(frozen=True, slots=True)
class Listing:
    """Folders, then conversations by day, the pinned ones before.

    ``more`` is how many to ask for next, None at the end.
    """

    days: list[Day]
    more: int | None
    folders: Sequence[ConversationFolder] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A conversation that contains the words searched, and the text around the first of them."""

    conversation: Conversation
    snippet: str


def own_conversations(membership: Membership) -> QuerySet[Conversation]:
    """Return the conversations that are kept for the person, newest first.

    Runs inside ``tenant(instance)``.
    """
    return (
        Conversation.objects.for_instance(membership.instance)
        .filter(user_id=membership.user_id, temporary_until=None)
        .order_by("-updated_at", "-pk")
    )


def listed_conversations(membership: Membership) -> QuerySet[Conversation]:
    """Return the person's conversations that are not archived, the pinned ones first."""
    listed = own_conversations(membership).filter(is_archived=False)
    return listed.order_by("-is_pinned", "-updated_at", "-pk")


def archived_conversations(membership: Membership) -> QuerySet[Conversation]:
    """Return the person's archived conversations, newest first."""
    return own_conversations(membership).filter(is_archived=True)


def recent_days(membership: Membership, limit: int = LISTED) -> Listing:
    """Return ``limit`` conversations: the pinned ones, then the last seven days, then months.

    Those in folders are there, unless they are pinned.
    """
    unfiled = listed_conversations(membership).filter(Q(folder=None) | Q(is_pinned=True))
    latest = list(unfiled[: limit + 1])
    shown = latest[:limit]
    pinned = [one for one in shown if one.is_pinned]
    groups = [Day(_("Pinned"), pinned)] if pinned else []
    groups += by_day(one for one in shown if not one.is_pinned)
    more = limit + LISTED if len(latest) > limit else None
    return Listing(groups, more, list(folders_of(membership)))


def listing_of(conversations: QuerySet[Conversation], limit: int) -> Listing:
    """Return the first ``limit`` conversations by day."""
    latest = list(conversations[: limit + 1])
    return Listing(by_day(latest[:limit]), limit + LISTED if len(latest) > limit else None)


def search_conversations(membership: Membership, query: str) -> QuerySet[Conversation]:
    """Return the conversations whose title or messages contain every word of ``query``."""
    found = own_conversations(membership)
    for word in search_words(query):
        said = Message.objects.for_instance(membership.instance).filter(
            conversation=OuterRef("pk"), content__icontains=word
        )
        found = found.filter(Q(title__icontains=word) | Exists(said))
    return found


def with_snippets(membership: Membership, found: Sequence[Conversation], query: str) -> list[Found]:
    """Return conversations with the text around the first word of ``query`` in their messages."""
    if not query:
        return [Found(each, "") for each in found]
    word = search_words(query)[0]
    said = (
        Message.objects.for_instance(membership.instance)
        .filter(conversation__in=found, content__icontains=word)
        .order_by("conversation", "created_at")
        .distinct("conversation")
    )
    texts = {
        pk: one_line(text) if role == Message.Role.ASSISTANT else text
        for pk, role, text in said.values_list("conversation", "role", "content")
    }
    return [Found(each, _around(texts.get(each.pk, ""), word)) for each in found]


def _around(text: str, word: str) -> str:
    """Return the text around a word, in one line, cut between words."""
    line = " ".join(text.split())
    start = max(0, line.casefold().find(word.casefold()) - _SNIPPET_CHARS // 3)
    end = start + _SNIPPET_CHARS
    before = line[start:].partition(" ")[2] if start else line
    shown = before[:_SNIPPET_CHARS].rpartition(" ")[0] if len(line) > end else before
    return f"{'… ' if start else ''}{shown}{' …' if len(line) > end else ''}"


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
