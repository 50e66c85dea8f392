"""Daily and monthly sums equal a scan of the records, however they came about."""

from collections import Counter, defaultdict
from datetime import UTC, datetime
from importlib import import_module
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from instances.tenancy import tenant
from tests.usage.generated import make_records
from usage.models import (
    SUM_COLUMNS,
    DailyCell,
    DailyDuration,
    DailyPerson,
    DailySubject,
    DailyUsage,
    LedgerLine,
    MonthlyCell,
    MonthlyDuration,
    MonthlyPerson,
    MonthlySubject,
    MonthlyUsage,
    PendingDay,
    PendingMonth,
    PendingUsage,
    UsageRecord,
)
from usage.rollups.buckets import bucket_of
from usage.rollups.daily import DAILY_MODELS
from usage.rollups.instance_months import MONTHLY_MODELS, delete_instance_months
from usage.tasks import roll_up_days, roll_up_months

# The evening of 31 October in UTC is already November in Paris.
SINCE = datetime(2026, 10, 20, 22, 30, tzinfo=UTC)


def local_day(record):
    return record.created_at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def person_of(record):
    return str(record.pseudonym) if record.pseudonym else f"key {record.api_key_id}"


def month_of(record):
    return local_day(record).replace(day=1)


def scan(records, *names, step=local_day):
    """Sums of records by the named attributes, computed without the database."""
    sums = defaultdict(lambda: dict.fromkeys(SUM_COLUMNS, 0))
    for record in records:
        is_answer = record.kind == "answer"
        row = sums[step(record), *(getattr(record, name) for name in names)]
        row["requests"] += 1
        row["questions"] += is_answer
        row["unanswered"] += is_answer and record.outcome == "nothing_found"
        row["answer_ms"] += record.total_ms if is_answer else 0
        for name in SUM_COLUMNS[4:]:
            row[name] += getattr(record, name) or 0
    return {key: {name: float(value) for name, value in row.items()} for key, row in sums.items()}


def stored(model, instance, *names, step="day"):
    with tenant(instance):
        rows = list(model.objects.for_instance(instance))
    found = {
        tuple(getattr(row, name) for name in (step, *names)): {
            name: float(getattr(row, name)) for name in SUM_COLUMNS
        }
        for row in rows
    }
    assert len(found) == len(rows)
    return found


def agree(found, expected):
    assert found.keys() == expected.keys()
    for key, row in expected.items():
        assert found[key] == pytest.approx(row, rel=1e-9), key


def picture(instance):
    """Every sum of the instance, of its organisation and of the site."""
    with tenant(instance):
        models = (*DAILY_MODELS, *MONTHLY_MODELS)
        rows = [row for model in models for row in model.objects.for_instance(instance)]
    rows += [*LedgerLine.objects.all(), *MonthlyCell.objects.all(), *DailyCell.objects.all()]
    return sorted(
        (
            type(row).__name__,
            *(
                f"{value:.9g}" if isinstance(value, float) else str(value)
                for field in row._meta.concrete_fields
                if field.name != "id"
                for value in [field.value_from_object(row)]
            ),
        )
        for row in rows
    )


ACCOUNTS = ("kind", "outcome", "organisation_id", "cost_centre", "model", "backend_name")
ACCOUNTS += (
    "charged_organisation_id",
    "charged_cost_centre",
    "serving_organisation_id",
    "method",
    "currency",
)


def test_sums_equal_a_scan_and_a_rebuild_changes_nothing(cast):
    instance, organisation = cast.instance, cast.instance.organisation
    payers = (None, cast.other_instance.organisation)
    make_records(instance, 300, since=SINCE, days=20, payers=payers)
    make_records(cast.other_instance, 50, since=SINCE, days=20, serving=organisation, seed=2)
    roll_up_days()
    # Added and changed later.
    make_records(instance, 40, since=SINCE, days=20, seed=3)
    with tenant(instance):
        changed = UsageRecord.objects.order_by("pk").first()
        # A person of whom this is the only record, who then is another one.
        for person in (uuid4(), uuid4()):
            UsageRecord.objects.filter(pk=changed.pk).update(
                outcome="failed", energy_wh=1.5, pseudonym=person
            )
            roll_up_days()
    roll_up_days()
    roll_up_months()

    with tenant(instance):
        records = list(UsageRecord.objects.for_instance(instance))
        assert PendingUsage.objects.count() == 0
    answers = [record for record in records if record.kind == "answer"]
    agree(stored(DailyUsage, instance, *ACCOUNTS), scan(records, *ACCOUNTS))
    agree(
        stored(MonthlyUsage, instance, *ACCOUNTS, step="month"),
        scan(records, *ACCOUNTS, step=month_of),
    )
    by_subject = ("subject", "method", "currency")
    agree(stored(DailySubject, instance, *by_subject), scan(answers, *by_subject))
    agree(
        stored(MonthlySubject, instance, *by_subject, step="month"),
        scan(answers, *by_subject, step=month_of),
    )
    complete = [record for record in answers if record.outcome == "complete"]
    with tenant(instance):
        for step, step_of, durations, persons in [
            ("day", local_day, DailyDuration, DailyPerson),
            ("month", month_of, MonthlyDuration, MonthlyPerson),
        ]:
            counted = durations.objects.values_list(step, "bucket", "requests")
            assert {(when, bucket): n for when, bucket, n in counted} == Counter(
                (step_of(record), bucket_of(record.total_ms)) for record in complete
            )
            assert sorted(persons.objects.values_list(step, "person")) == sorted(
                {(step_of(record), person_of(record)) for record in records}
            )
    assert PendingMonth.objects.count() == PendingDay.objects.count() == 0
    with tenant(cast.other_instance):
        others = list(UsageRecord.objects.for_instance(cast.other_instance))
    cells_equal_a_scan(organisation, records)
    cells_equal_a_scan(None, [*records, *others])

    before = picture(instance)
    roll_up_days()
    roll_up_months()
    assert picture(instance) == before
    call_command("rebuildusage")
    assert picture(instance) == before
    # The migration has a site that knows less of its days compute them again.
    for each in (instance, cast.other_instance):
        with tenant(each):
            delete_instance_months(each.pk)
            DailyPerson.objects.for_instance(each).delete()
    DailyCell.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(import_module("usage.migrations.0014_cells_of_days").pending_days())
    roll_up_days()
    roll_up_months()
    assert picture(instance) == before


def is_answer(record):
    return record.kind == "answer"


def is_complete(record):
    return is_answer(record) and record.outcome == "complete"


# The value of a record in each dimension, and whether it is counted there.
DIMENSIONS = {
    "all": (lambda one: "", lambda one: True),
    "day": (lambda one: str(local_day(one)), lambda one: True),
    "instance": (lambda one: str(one.instance_id), lambda one: True),
    "organisation": (lambda one: str(one.organisation_id), lambda one: True),
    "kind": (lambda one: one.kind, lambda one: True),
    "model": (lambda one: one.model, lambda one: True),
    "backend": (lambda one: one.backend_name, lambda one: bool(one.backend_name)),
    "affiliation": (lambda one: one.affiliation, lambda one: True),
    "trade": (lambda one: one.trade, lambda one: True),
    "outcome": (lambda one: one.outcome, is_answer),
    "class": (lambda one: one.subject[:1], is_answer),
    "subject": (lambda one: one.subject, is_answer),
    "class_affiliation": (lambda one: f"{one.subject[:1]} {one.affiliation}", is_answer),
    "class_trade": (lambda one: f"{one.subject[:1]} {one.trade}", is_answer),
    "frugality": (lambda one: one.frugal_step, is_complete),
    "duration": (lambda one: str(bucket_of(one.total_ms)), is_complete),
}
COUNTED = SUM_COLUMNS[: SUM_COLUMNS.index("cpu_seconds")]


def cells_equal_a_scan(organisation, records):
    """Every cell of the organisation, or of the site, equals a scan of all its records."""
    other = "instance" if organisation is None else "organisation"
    stored_cells = MonthlyCell.objects.of(organisation and organisation.pk)
    assert set(stored_cells.values_list("dimension", flat=True)) == set(DIMENSIONS) - {other}
    for dimension, (value_of, is_counted) in DIMENSIONS.items():
        if dimension == other:
            continue
        groups = defaultdict(list)
        for record in filter(is_counted, records):
            groups[month_of(record), value_of(record)].append(record)
        expected = {}
        for (month, value), group in groups.items():
            ((_month, sums),) = scan(group, step=month_of).items()
            persons = len({person_of(record) for record in group})
            whole = {name: sums[name] if name in COUNTED else 0.0 for name in SUM_COLUMNS}
            # Persons of one duration are not counted.
            whole["persons"] = -1 if dimension == "duration" else persons
            expected[month, value, "", ""] = whole
            if dimension not in ("duration", "outcome"):
                for key, sums in scan(group, "method", "currency", step=month_of).items():
                    expected[month, value, *key[1:]] = sums | {"persons": -1}
        found = {
            (cell.month, cell.value, cell.method, cell.currency): {
                name: float(getattr(cell, name)) for name in SUM_COLUMNS
            }
            | {"persons": -1 if cell.persons is None else cell.persons}
            for cell in stored_cells.filter(dimension=dimension)
        }
        agree(found, expected)


def test_ledger_equals_the_records_and_outlives_the_instance(cast, settings):
    settings.SERVICE_PRICE_PER_QUESTION = 2
    serving = cast.other_instance.organisation
    records = make_records(cast.instance, 200, since=SINCE, days=20, serving=serving)
    roll_up_days()
    lines = LedgerLine.objects.filter(charged=cast.instance.organisation)
    inference = [line for line in lines if line.ledger == "inference"]
    priced = [record for record in records if record.currency]
    assert sum(line.amount for line in inference) == sum(record.cost for record in priced)
    assert sum(line.requests for line in inference if line.currency) == len(priced)
    assert {line.credited_id for line in inference if line.amount} == {serving.pk}
    service = [line for line in lines if line.ledger == "service"]
    questions = sum(record.kind == "answer" for record in records)
    assert sum(line.amount for line in service) == 2 * questions
    before = lines.count()
    with tenant(cast.instance):
        UsageRecord.objects.all().delete()
    call_command("rebuildusage")
    assert lines.count() == before
