"""Readers' ratings of answers, and questions without an answer, for editors and administrators.

Readers are not named: the page serves to improve the documents.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.models import Citation, Message
from instances.models import Instance
from instances.tenancy import in_tenant
from usage.models import AnswerStatus
from web.csv_files import csv_header, csv_lines

_PER_BATCH: Final = 500
_UNANSWERED: Final = Q(status=AnswerStatus.NOTHING_FOUND)
_FILTERS: Final = {
    "not_helpful": Q(feedback__helpful=False),
    "helpful": Q(feedback__helpful=True),
    "comment": Q(feedback__isnull=False) & ~Q(feedback__comment=""),
    "unanswered": _UNANSWERED,
}
KINDS: Final = [
    ("", gettext_lazy("Everything")),
    ("not_helpful", gettext_lazy("Not helpful")),
    ("helpful", gettext_lazy("Helpful")),
    ("comment", gettext_lazy("With a comment")),
    ("unanswered", gettext_lazy("Without an answer")),
]


@dataclass(frozen=True)
class RatingSearch:
    """Which answers to list; ``kind`` is one of ``KINDS``, ``days`` 0 for all time."""

    kind: str = ""
    days: int = 0


@dataclass(frozen=True)
class RatingCounts:
    """How many answers of a period were rated either way, or found no passage."""

    helpful: int
    not_helpful: int
    unanswered: int


def rated_answers(instance: Instance, search: RatingSearch) -> QuerySet[Message]:
    """The answers that were rated or found nothing, latest first, with question and sources.

    Not those of temporary conversations or with attachments, which their author alone may read.
    """
    cited = Citation.objects.filter(used=True)
    return (
        _in_period(instance, search)
        .filter(_FILTERS.get(search.kind, Q(feedback__isnull=False) | _UNANSWERED))
        .select_related("parent", "feedback")
        .prefetch_related(Prefetch("citations", queryset=cited))
        .order_by("-created_at", "-pk")
    )


def count_ratings(instance: Instance, search: RatingSearch) -> RatingCounts:
    """Count the answers of the period, whatever their kind."""
    counts = _in_period(instance, search).aggregate(
        helpful=Count("pk", filter=_FILTERS["helpful"]),
        not_helpful=Count("pk", filter=_FILTERS["not_helpful"]),
        unanswered=Count("pk", filter=_UNANSWERED),
    )
    return RatingCounts(**counts)


async def ratings_as_csv(
    instance: Instance, search: RatingSearch, *, language: str
) -> AsyncIterator[bytes]:
    """Yield the list as CSV, with columns in ``language``; read in batches."""
    yield _header(language).encode()
    last: Message | None = None
    while batch := await in_tenant(instance, _batch, instance, search, last):
        yield _lines(batch, language).encode()
        last = batch[-1]


def _batch(instance: Instance, search: RatingSearch, last: Message | None) -> list[Message]:
    """Return the answers listed after ``last``."""
    answers = rated_answers(instance, search)
    if last is not None:
        same_time = Q(created_at=last.created_at, pk__lt=last.pk)
        answers = answers.filter(Q(created_at__lt=last.created_at) | same_time)
    return list(answers[:_PER_BATCH])


def _header(language: str) -> str:
    with translation.override(language):
        return csv_header(
            [
                _("Date"),
                _("Rating"),
                _("Comment"),
                _("Question"),
                _("Answer"),
                _("Sources"),
                _("Model"),
            ]
        )


def _lines(answers: list[Message], language: str) -> str:
    with translation.override(language):
        return csv_lines(_row(answer) for answer in answers)


def _row(answer: Message) -> tuple[str, ...]:
    feedback = getattr(answer, "feedback", None)
    return (
        date_format(timezone.localtime(answer.created_at), "Y-m-d H:i"),
        (_("Helpful") if feedback.helpful else _("Not helpful")) if feedback else "",
        feedback.comment if feedback else "",
        answer.parent.content if answer.parent else "",
        answer.content or answer.get_status_display(),
        "; ".join(sorted({citation.display_title for citation in answer.citations.all()})),
        answer.model,
    )


def _in_period(instance: Instance, search: RatingSearch) -> QuerySet[Message]:
    answers = Message.objects.for_instance(instance).filter(
        role=Message.Role.ASSISTANT,
        conversation__has_attachments=False,
        conversation__temporary_until=None,
    )
    if search.days:
        answers = answers.filter(created_at__gte=timezone.now() - timedelta(days=search.days))
    return answers
