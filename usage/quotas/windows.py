"""Periods of quotas: hours, days and months of the site's time zone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from usage.models import Quota
from usage.rollups.calendar import first_of_month, midnight, next_month


@dataclass(frozen=True, slots=True)
class Window:
    """The period of a quota: from ``starts_at`` until ``ends_at``, when the quota resets."""

    starts_at: datetime
    ends_at: datetime


def window_of(period: str, now: datetime) -> Window:
    """Return the hour, day or month that contains ``now``."""
    local = timezone.localtime(now, timezone.get_default_timezone())
    day = local.date()
    if period == Quota.Period.HOUR:
        # In UTC, as a local hour may occur twice; by the minutes of the local clock.
        start = now - timedelta(
            minutes=local.minute, seconds=local.second, microseconds=local.microsecond
        )
        return Window(start, start + timedelta(hours=1))
    if period == Quota.Period.DAY:
        return Window(midnight(day), midnight(day + timedelta(days=1)))
    return Window(midnight(first_of_month(day)), midnight(next_month(day)))
