"""Days and months in the time zone of the site."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.utils import timezone


def midnight(day: date) -> datetime:
    """The beginning of the day."""
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())


def first_of_month(day: date) -> date:
    """The first day of the month of ``day``."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    """The first day of the month after that of ``day``."""
    return first_of_month(first_of_month(day) + timedelta(days=32))


def last_of_month(day: date) -> date:
    """The last day of the month of ``day``."""
    return next_month(day) - timedelta(days=1)


def months_between(first: date, last: date) -> Iterator[date]:
    """The first day of each month from that of ``first`` to that of ``last``."""
    month = first_of_month(first)
    while month <= last:
        yield month
        month = next_month(month)
