"""A person's own usage, from the records themselves: in one instance, or in all of theirs."""

from collections import Counter
from datetime import timedelta

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate, TruncMonth
from django.utils import timezone

from instances.models import Membership
from instances.tenancy import as_user
from people.models import User
from usage.dashboards.figures import READ, Dashboard
from usage.dashboards.grouping import (
    backend_groups,
    columns,
    instance_groups,
    model_groups,
    read_sums,
    subject_groups,
    total,
)
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


def own_records(
    records: QuerySet[UsageRecord], user_id: int, period: Period
) -> QuerySet[UsageRecord]:
    """Those of the records that are of the person's requests."""
    return records.filter(
        user=user_id,
        created_at__gte=midnight(period.first),
        created_at__lt=midnight(period.last + timedelta(days=1)),
    )


def own_dashboard(membership: Membership, period: Period) -> Dashboard:
    """The figures of the member's own requests. Run inside ``tenant(instance)``."""
    records = UsageRecord.objects.for_instance(membership.instance)
    return _dashboard(own_records(records, membership.user_id, period), period)


def person_dashboard(user: User, period: Period) -> Dashboard:
    """The figures of the person's own requests in all instances; also those left since."""
    with as_user(user.pk):
        records = own_records(UsageRecord.objects.all(), user.pk, period)
        return _dashboard(records, period, has_instances=True)


def _dashboard(
    records: QuerySet[UsageRecord], period: Period, *, has_instances: bool = False
) -> Dashboard:
    day = TruncDate("created_at", tzinfo=timezone.get_default_timezone())
    step = day if period.is_drawn_by_day else TruncMonth(day)
    dimensions = ["step", "kind", "model", "backend_name", "subject"]
    if has_instances:
        dimensions += ["instance__slug", "instance__name"]
    rows = read_sums(records.annotate(step=step), dimensions, _SUMS)
    complete = records.filter(_QUESTION, outcome=UsageRecord.Outcome.COMPLETE)
    durations = Counter(map(bucket_of, complete.values_list("total_ms", flat=True)))
    return Dashboard(
        period=period,
        total=total(rows),
        columns=columns(rows, period),
        models=model_groups(rows),
        backends=backend_groups(rows),
        subjects=subject_groups(row for row in rows if row["kind"] == UsageRecord.Kind.ANSWER),
        members=instance_groups(rows) if has_instances else [],
        persons=None,
        median_ms=percentile_ms(durations, 0.5),
        p95_ms=percentile_ms(durations, 0.95),
    )
