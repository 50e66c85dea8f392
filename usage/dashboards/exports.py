"""Dashboards as files: CSV for a spreadsheet, JSON for a program.

Rows are streamed month by month, so that memory does not depend on the length of the period.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import date
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder

from instances.models import Instance, Membership, Organisation
from instances.tenancy import as_user, in_database, tenant
from people.models import User
from usage.dashboards.across import cells_of
from usage.dashboards.own import own_records
from usage.dashboards.periods import Period
from usage.models import SUM_COLUMNS, DailyUsage, MonthlyCell, UsageRecord
from usage.rollups.calendar import last_of_month, months_between
from web.csv_files import CSV_MEDIA_TYPE, csv_header, csv_lines

Values = tuple[Any, ...]
Read = Callable[[Period], list[Values]]

MEDIA_TYPES: Final = {"csv": CSV_MEDIA_TYPE, "json": "application/json; charset=utf-8"}

DAILY_COLUMNS: Final = (
    *("day", "kind", "outcome", "frugal_step", "other_model", "cost_centre"),
    *("charged_organisation_id", "charged_cost_centre", "model"),
    *("backend_name", "serving_organisation_id", "method", "currency"),
    *SUM_COLUMNS,
)
OWN_COLUMNS: Final = (
    *("created_at", "kind", "outcome", "frugal_step", "other_model"),
    *("model", "backend_id", "backend_name"),
    *("subject", "subject_margin", "affiliation", "trade", "pages", "passages", "audio_seconds"),
    *("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens"),
    *("tokens_estimated", "checked_sentences", "unsupported_sentences", "moved_citations"),
    *("queue_ms", "retrieval_ms", "first_token_ms", "total_ms"),
    *("cpu_seconds", "energy_wh", "energy_min_wh", "energy_max_wh"),
    *("prefill_wh", "decode_wh", "idle_wh", "avoided_wh", "method", "method_version"),
    *("gco2e_usage", "gco2e_embodied", "carbon_g_per_kwh", "carbon_source"),
    *("water_l", "adpe_kg_sb", "cost", "currency"),
    *("backend_energy_wh", "backend_gco2e", "backend_cost"),
)
PERSON_COLUMNS: Final = ("instance", *OWN_COLUMNS)
CELL_COLUMNS: Final = ("month", "dimension", "value", "method", "currency", "persons", *SUM_COLUMNS)


def export_instance(instance: Instance, period: Period, kind: str) -> AsyncIterator[bytes]:
    """The daily sums of the instance."""

    def read(month: Period) -> list[Values]:
        with tenant(instance):
            days = DailyUsage.objects.for_instance(instance)
            days = days.filter(day__range=(month.first, month.last)).order_by("day", "pk")
            return list(days.values_list(*DAILY_COLUMNS))

    return _lines(DAILY_COLUMNS, read, period, kind)


def export_own(membership: Membership, period: Period, kind: str) -> AsyncIterator[bytes]:
    """The records of the member's own requests."""

    def read(month: Period) -> list[Values]:
        with tenant(membership.instance):
            records = UsageRecord.objects.for_instance(membership.instance)
            own = own_records(records, membership.user_id, month)
            return list(own.order_by("created_at", "pk").values_list(*OWN_COLUMNS))

    return _lines(OWN_COLUMNS, read, period, kind)


def export_person(user: User, period: Period, kind: str) -> AsyncIterator[bytes]:
    """The records of the person's own requests in all instances."""

    def read(month: Period) -> list[Values]:
        with as_user(user.pk):
            records = own_records(UsageRecord.objects.all(), user.pk, month)
            records = records.order_by("instance__name", "instance_id", "created_at", "pk")
            return list(records.values_list("instance__slug", *OWN_COLUMNS))

    return _lines(PERSON_COLUMNS, read, period, kind)


def export_across(
    organisation: Organisation | None,
    period: Period,
    kind: str,
    dimensions: Sequence[str] = MonthlyCell.Dimension.values,
) -> AsyncIterator[bytes]:
    """The monthly cells of the organisation, or of the site, without those of small groups."""

    def read(month: Period) -> list[Values]:
        cells = cells_of(organisation, month).filter(is_masked=False, dimension__in=dimensions)
        cells = cells.order_by("month", "dimension", "value", "method", "currency")
        return list(cells.values_list(*CELL_COLUMNS))

    return _lines(CELL_COLUMNS, read, period.in_whole_months(), kind)


async def _lines(
    columns: tuple[str, ...], read: Read, period: Period, kind: str
) -> AsyncIterator[bytes]:
    """Yield the file; ``kind`` is one of ``MEDIA_TYPES``."""
    yield (csv_header(columns) if kind == "csv" else "[").encode()
    separator = "\n"
    for month in _months(period):
        rows = await in_database(read, month)
        if kind == "csv":
            yield csv_lines(_as_text(row) for row in rows).encode()
        else:
            for row in rows:
                record = dict(zip(columns, row, strict=True))
                text = json.dumps(record, ensure_ascii=False, cls=DjangoJSONEncoder)
                yield f"{separator}{text}".encode()
                separator = ",\n"
    if kind == "json":
        yield b"\n]\n"


def _as_text(row: Values) -> list[Any]:
    return [value.isoformat() if isinstance(value, date) else value for value in row]


def _months(period: Period) -> Iterator[Period]:
    """The months of the period; the first and the last may be parts of one."""
    for month in months_between(period.first, period.last):
        last = min(last_of_month(month), period.last)
        yield Period("dates", max(month, period.first), last)
