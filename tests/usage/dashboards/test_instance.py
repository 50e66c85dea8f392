"""The dashboard of an instance equals a scan of its records, whatever the period."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from instances.tenancy import tenant
from tests.usage.generated import make_records
from usage.dashboards.instance import instance_dashboard
from usage.dashboards.periods import Period
from usage.rollups.buckets import bucket_of, percentile_ms
from usage.tasks import roll_up_days

SINCE = datetime(2026, 9, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "columns"),
    [
        (Period.around(date(2026, 10, 9), "month"), 31),
        (Period.around(date(2026, 10, 9), "quarter"), 92),
        (Period.around(date(2026, 10, 9), "year"), 12),
        (Period("dates", date(2026, 9, 28), date(2026, 12, 30)), 4),
        (Period("dates", date(2026, 10, 1), date(2027, 1, 9)), 4),
        (Period("dates", date(2026, 10, 2), date(2026, 11, 29)), 59),
        (Period("dates", date(2026, 10, 2), date(2026, 10, 2)), 1),
    ],
    ids=["month", "quarter", "year", "part of months", "whole first month", "no month", "one day"],
)
def test_dashboard_equals_a_scan(cast, period, columns):
    records = make_records(cast.instance, 400, since=SINCE, days=110)
    make_records(cast.other_instance, 50, since=SINCE, days=110, seed=2)
    roll_up_days()
    zone = ZoneInfo(settings.TIME_ZONE)
    last = period.last + timedelta(days=1)
    found = [
        one for one in records if period.first <= one.created_at.astimezone(zone).date() < last
    ]
    with tenant(cast.instance):
        dashboard = instance_dashboard(cast.instance, period)
    answers = [one for one in found if one.kind == "answer"]
    assert answers
    assert dashboard.total.requests == len(found)
    assert dashboard.persons == len({one.pseudonym for one in found})
    for name in ("checked_sentences", "unsupported_sentences", "moved_citations"):
        assert getattr(dashboard.total, name) == sum(getattr(one, name) for one in found)
    assert dashboard.total.audio_seconds == sum(one.audio_seconds for one in found)
    assert dashboard.total.methods.keys() == {one.method for one in found}
    for name, method in dashboard.total.methods.items():
        assert method.energy_wh == pytest.approx(
            sum(one.energy_wh for one in found if one.method == name)
        )
    assert {one.value: one.figures.questions for one in dashboard.subjects} == {
        subject: sum(one.subject == subject for one in answers)
        for subject in {one.subject for one in answers}
    }
    assert {one.value: one.figures.requests for one in dashboard.backends} == Counter(
        one.backend_name for one in found if one.backend_name
    )
    assert len(dashboard.columns) == columns
    assert sum(one.figures.questions for one in dashboard.columns) == len(answers)
    durations = {}
    for one in answers:
        if one.outcome == "complete":
            bucket = bucket_of(one.total_ms)
            durations[bucket] = durations.get(bucket, 0) + 1
    assert dashboard.p95_ms == percentile_ms(durations, 0.95)
