"""The period of a dashboard: a month, a quarter, a year, or from one date to another."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, Self

from django.utils import formats
from django.utils.translation import gettext as _

from usage.rollups.calendar import first_of_month, last_of_month, months_between, next_month

Length = Literal["month", "quarter", "year", "dates"]

# Longer periods are drawn by month.
DAYS_DRAWN: Final = 92
# The longest period between two dates.
MAX_DAYS: Final = 3 * 366


@dataclass(frozen=True, slots=True)
class Period:
    """The days from ``first`` to ``last``, both included."""

    length: Length
    first: date
    last: date

    @classmethod
    def around(cls, day: date, length: Length) -> Self:
        """The month, quarter or year of the day."""
        month = first_of_month(day)
        if length == "year":
            return cls(length, month.replace(month=1), date(day.year, 12, 31))
        if length == "quarter":
            first = month.replace(month=3 * ((day.month - 1) // 3) + 1)
            return cls(length, first, last_of_month(first + timedelta(days=62)))
        return cls("month", month, last_of_month(month))

    @property
    def previous(self) -> date:
        """A day of the period before."""
        return self.first - timedelta(days=1)

    @property
    def next(self) -> date:
        """A day of the period after."""
        return self.last + timedelta(days=1)

    @property
    def is_drawn_by_day(self) -> bool:
        """Whether its chart has a column a day, rather than a month."""
        return (self.last - self.first).days < DAYS_DRAWN

    def steps(self) -> list[date]:
        """The days on which the columns of its chart begin."""
        if self.is_drawn_by_day:
            days = (self.last - self.first).days + 1
            return [self.first + timedelta(days=n) for n in range(days)]
        return list(months_between(self.first, self.last))

    def whole_months(self) -> tuple[date, date] | None:
        """The first days of the first and of the last month that lie in the period as a whole."""
        first = self.first if self.first.day == 1 else next_month(self.first)
        # Of the day after the period, the month before.
        last = first_of_month(first_of_month(self.next) - timedelta(days=1))
        return (first, last) if first <= last else None

    def days_beside_months(self) -> list[tuple[date, date]]:
        """The first and last days of what is left of the period beside ``whole_months``."""
        whole = self.whole_months()
        if whole is None:
            return [(self.first, self.last)]
        ends = [(self.first, whole[0] - timedelta(days=1)), (next_month(whole[1]), self.last)]
        return [(first, last) for first, last in ends if first <= last]

    def in_whole_months(self) -> Self:
        """The period extended to whole months."""
        first, last = first_of_month(self.first), last_of_month(self.last)
        return type(self)(self.length, first, last)

    def __str__(self) -> str:
        if self.length == "month":
            return formats.date_format(self.first, "F Y")
        if self.length == "quarter":
            return _("Quarter %(number)s of %(year)s") % {
                "number": (self.first.month + 2) // 3,
                "year": self.first.year,
            }
        if self.length == "year":
            return str(self.first.year)
        return _("%(first)s to %(last)s") % {
            "first": formats.date_format(self.first, "SHORT_DATE_FORMAT"),
            "last": formats.date_format(self.last, "SHORT_DATE_FORMAT"),
        }
