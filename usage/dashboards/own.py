"""A person's own usage in an instance, from the records themselves. Run inside ``tenant``."""

from collections import Counter
from datetime import timedelta

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate, TruncMonth
from django.utils import timezone

from instances.models import Membership
from usage.dashboards.figures import READ, Dashboard
from usage.dashboards.grouping import columns, model_groups, read_sums, subject_groups, total
from usage.dashboards.periods import Period
from usage.models import UsageRecord
from usage.rollups.buckets import bucket_of, percentile_ms
from usage.rollups.calendar import midnight

_QUESTION = Q(kind=UsageRecord.Kind.ANSWER)
_COUNTS = {
    "requests": Count("pk"),
    "questions": Count("pk", filter=_QUESTION),
    "unanswered": Count("pk", filter=_QUESTION & Q(outcome=UsageRecord.Outcome.NOTHING_FOUND)),
}
# A price, and litres of water, may be unknown.
_SUMS = _COUNTS | {name: Sum(name, default=0) for name in READ if name not in _COUNTS}


def own_records(membership: Membership, period: Period) -> QuerySet[UsageRecord]:
    """The records of the member's requests, in this instance."""
    return UsageRecord.objects.for_instance(membership.instance).filter(
        user=membership.user_id,
        created_at__gte=midnight(period.first),
        created_at__lt=midnight(period.last + timedelta(days=1)),
    )


def own_dashboard(membership: Membership, period: Period) -> Dashboard:
    """The figures of the member's own requests."""
    records = own_records(membership, period)
    day = TruncDate("created_at", tzinfo=timezone.get_default_timezone())
    step = day if period.is_drawn_by_day else TruncMonth(day)
    rows = read_sums(records.annotate(step=step), ("step", "kind", "model", "subject"), _SUMS)
    durations = Counter(
        bucket_of(total_ms)
        for total_ms in records.filter(_QUESTION, outcome=UsageRecord.Outcome.COMPLETE).values_list(
            "total_ms", flat=True
        )
    )
    return Dashboard(
        period=period,
        total=total(rows),
        columns=columns(rows, period),
        models=model_groups(rows),
        subjects=subject_groups(row for row in rows if row["kind"] == UsageRecord.Kind.ANSWER),
        members=[],
        persons=None,
        median_ms=percentile_ms(durations, 0.5),
        p95_ms=percentile_ms(durations, 0.95),
    )
