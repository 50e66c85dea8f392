"""Dates of French and English texts: "3 mars 2024", "03/03/2024", "March 3, 2024", "en mars"."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ingestion.indexing.lexical import fold

_FRENCH = "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre"
_ENGLISH = "january february march april may june july august september october november december"
_SHORT = "janv fevr mars avr mai juin juil aout sept oct nov dec"
MONTHS: Mapping[str, int] = {
    name: number
    for names in (_FRENCH, _ENGLISH, _SHORT, "jan feb mar apr may jun jul aug sep oct nov dec")
    for number, name in enumerate(names.split(), start=1)
}
_WEEKDAYS: Mapping[str, int] = {
    name: number
    for names in (
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "monday tuesday wednesday thursday friday saturday sunday",
    )
    for number, name in enumerate(names.split(), start=1)
}
_MONTH = (
    r"(?:[Jj]anvier|[Ff]évrier|[Mm]ars|[Aa]vril|[Mm]ai|[Jj]uin|[Jj]uillet|[Aa]oût|[Ss]eptembre|"
    r"[Oo]ctobre|[Nn]ovembre|[Dd]écembre|January|February|March|April|May|June|July|August|"
    r"September|October|November|December|(?:janv|févr|avr|juil|sept|oct|nov|déc)\.|"
    r"(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
)
_DATE = re.compile(
    rf"\b(?P<year1>\d{{4}})-(?P<month1>\d{{2}})-(?P<day1>\d{{2}})\b"
    rf"|\b(?P<day2>\d{{1,2}})[/.](?P<month2>\d{{1,2}})[/.](?P<year2>\d{{4}})\b"
    rf"|\b(?P<day3>\d{{1,2}})(?:er|st|nd|rd|th)? (?:of )?(?P<name3>{_MONTH})"
    rf"(?:,? (?P<year3>\d{{4}}))?\b"
    rf"|\b(?P<name4>{_MONTH}) (?P<day4>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<year4>\d{{4}}))?(?!\d)"
    rf"|\b(?P<name5>{_MONTH})(?: (?P<year5>\d{{4}}))?(?!\w)"
    rf"|\b(?P<day6>\d{{1,2}})/(?P<month6>\d{{1,2}})\b(?![/\d])"
    rf"|\b(?P<year7>(?:19|20)\d\d)\b(?! ?[€%]|-\d)"
    rf"|\b(?P<weekday>(?i:{'|'.join(_WEEKDAYS)}))s?\b"
)
# "1/2" is rather a half than the first of February.
_LOWEST_DAY, _LAST_DAY, _LAST_MONTH = 5, 31, 12


@dataclass(frozen=True, slots=True)
class Date:
    """A date of which parts may be missing."""

    day: int | None = None
    month: int | None = None
    year: int | None = None
    weekday: int | None = None

    def covers(self, other: "Date") -> bool:
        """Whether this date says all that the other says; its missing year contradicts none."""
        return (
            other.day in (None, self.day)
            and other.month in (None, self.month)
            and other.weekday in (None, self.weekday)
            and (other.year in (None, self.year) or (self.year is None and self.month is not None))
        )


def dates(text: str) -> Iterator[tuple[int, int, Date]]:
    """Yield the start, the end and the value of each date of a text."""
    for match in _DATE.finditer(text):
        parts = {name: value for name, value in match.groupdict().items() if value}
        number = {name.rstrip("1234567"): value for name, value in parts.items()}
        if "weekday" in number:
            yield match.start(), match.end(), Date(weekday=_WEEKDAYS[fold(number["weekday"])])
            continue
        month = MONTHS[fold(number["name"]).rstrip(".")] if "name" in number else None
        month = int(number["month"]) if "month" in number else month
        day = int(number["day"]) if "day" in number else None
        year = int(number["year"]) if "year" in number else None
        if (day or 1) > _LAST_DAY or (month or 1) > _LAST_MONTH:
            continue
        if "day6" in parts and (day or 0) < _LOWEST_DAY:
            continue
        yield match.start(), match.end(), Date(day, month, year)
