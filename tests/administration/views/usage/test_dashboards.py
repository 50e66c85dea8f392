"""Dashboards of usage, and their exports: who sees what."""

import csv
import io
import json
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from django.urls import reverse

from instances.tenancy import tenant
from tests.cast import make_cast
from tests.factories import InstanceFactory, OrganisationAdministratorFactory, UserFactory
from tests.usage.factories import UsageRecordFactory
from tests.usage.generated import make_records
from usage.dashboards.exports import CELL_COLUMNS, DAILY_COLUMNS, OWN_COLUMNS
from usage.models import DailyUsage, MonthlyCell, UsageRecord
from usage.tasks import roll_up_days, roll_up_months

NOVEMBER = {"length": "month", "day": "2026-11-15"}
SINCE = datetime(2026, 11, 2, tzinfo=UTC)
INSTANCE = "/i/law/usage/"
OWN = "/i/law/usage/own/"


def test_administrator_sees_the_instance_and_a_member_their_own(cast, client_for):
    records = make_records(
        cast.instance, 60, since=SINCE, days=10, people=[cast.owner, cast.teammate]
    )
    make_records(cast.other_instance, 20, since=SINCE, days=10, people=[cast.teammate], seed=2)
    roll_up_days()

    def questions(*people):
        return sum(one.kind == "answer" and one.user in people for one in records)

    seen = {
        (person.username, path): client_for(person).get(path, NOVEMBER).context["dashboard"]
        for person in (cast.owner, cast.teammate)
        for path in (INSTANCE, OWN)
    }
    assert {key: one.total.questions for key, one in seen.items()} == {
        ("owner", INSTANCE): questions(cast.owner, cast.teammate),
        ("owner", OWN): questions(cast.owner),
        ("teammate", INSTANCE): questions(cast.teammate),
        ("teammate", OWN): questions(cast.teammate),
    }
    whole, own = seen["owner", INSTANCE], seen["owner", OWN]
    assert whole.persons == 2
    assert own.persons is None
    assert whole.total.methods.keys() == {"local", "modelled"}
    for dashboard in (whole, own):
        total = dashboard.total.questions
        assert len(dashboard.columns) == 30
        assert sum(one.figures.questions for one in dashboard.columns) == total
        assert sum(one.figures.questions for one in dashboard.models) == total
        assert sum(one.figures.questions for one in dashboard.subjects) == total
        assert 0 < dashboard.median_ms < dashboard.p95_ms < 65_000
    assert client_for(cast.stranger).get(INSTANCE).status_code == 404
    export = reverse("administration:instance_usage_export", args=["law", "csv"])
    assert client_for(cast.teammate).get(export).status_code == 403


def test_recordings_are_shown_by_their_length(cast, client_for):
    for kind, seconds in (("transcription", 3_600.0), ("transcription", 5_430.0), ("answer", 0.0)):
        UsageRecordFactory(
            instance=cast.instance, user=cast.owner, kind=kind, audio_seconds=seconds
        )
    roll_up_days()
    owner = client_for(cast.owner)
    for path in (INSTANCE, OWN):
        text = owner.get(path).text.replace("\u00a0", " ")
        assert "2 h 30 min" in text
    assert "Recordings transcribed" not in client_for(cast.teammate).get(OWN).text


def test_unsupported_sentences_are_shown_by_model(cast, client_for):
    counts = {"checked_sentences": 8, "unsupported_sentences": 1, "moved_citations": 3}
    UsageRecordFactory(instance=cast.instance, user=cast.owner, model="big", **counts)
    UsageRecordFactory(instance=cast.instance, user=cast.teammate, model="big", **counts)
    UsageRecordFactory(instance=cast.instance, user=cast.owner, model="extractive")
    roll_up_days()
    owner = client_for(cast.owner)
    for path, number, checked in ((INSTANCE, 2, "16"), (OWN, 1, "8")):
        page = owner.get(path)
        (big,) = [one for one in page.context["dashboard"].models if one.value == "big"]
        assert big.figures.unsupported_sentences == number
        assert big.figures.unsupported_share == 1 / 8
        section = page.text.split('id="sentences"')[1].split("</section>")[0]
        assert section.count('<th scope="row"') == 1
        assert f">{checked}<" in section
        assert "12%" in section
    # Extracts alone are not checked.
    UsageRecordFactory(instance=cast.other_instance, user=cast.stranger)
    roll_up_days()
    assert 'id="sentences"' not in client_for(cast.stranger).get("/i/physics/usage/").text


@pytest.mark.parametrize(
    ("query", "first", "last", "columns"),
    [
        ({"length": "quarter", "day": "2026-11-15"}, (2026, 10, 1), (2026, 12, 31), 92),
        ({"length": "year", "day": "2024-02-29"}, (2024, 1, 1), (2024, 12, 31), 12),
        ({"since": "2026-01-30", "until": "2026-02-02"}, (2026, 1, 30), (2026, 2, 2), 4),
        ({"length": "month", "day": "2024-02-11", "since": "\0"}, (2024, 2, 1), (2024, 2, 29), 29),
    ],
    ids=["quarter", "year", "dates", "invalid date"],
)
def test_period_is_chosen(cast, client_for, query, first, last, columns):
    dashboard = client_for(cast.owner).get(INSTANCE, query).context["dashboard"]
    assert (dashboard.period.first, dashboard.period.last) == (date(*first), date(*last))
    assert len(dashboard.columns) == columns


def ask(instance, persons, **fields):
    """One question each of several persons; the same numbers are the same persons."""
    for person in persons:
        UsageRecordFactory(
            instance=instance, pseudonym=UUID(int=person), energy_wh=1.0, method="local", **fields
        )


@pytest.fixture
def two_levels(cast):
    """A large and a middle instance, and one with a single person, of one organisation."""
    organisation = cast.instance.organisation
    middle = InstanceFactory(organisation=organisation, name="Middle")
    small = InstanceFactory(organisation=organisation, name="Small")
    ask(cast.instance, range(8), model="big")
    ask(middle, range(6), model="big")
    ask(small, range(1), model="big")
    roll_up_days()
    roll_up_months()
    return organisation


def test_small_instance_is_masked_with_another_in_the_console(two_levels, cast, client_for):
    dean = OrganisationAdministratorFactory(organisation=two_levels).user
    path = reverse("administration:organisation_usage", args=[two_levels.slug])
    page = client_for(dean).get(path)
    dashboard = page.context["dashboard"]
    assert (dashboard.total.questions, dashboard.persons) == (15, 8)
    shown = {one.label: (one.figures.questions, one.months_masked) for one in dashboard.members}
    assert shown == {"Faculté de droit": (8, 0), "Middle": (0, 1), "Small": (0, 1)}
    assert [(one.label, one.figures.questions) for one in dashboard.models] == [("big", 15)]
    assert "local" in dashboard.total.methods
    site = reverse("administration:site_usage")
    operator = client_for(UserFactory(is_staff=True)).get(site).context["dashboard"]
    assert operator.total.questions == 15
    assert [one.label for one in operator.members] == [two_levels.name]
    for person in (cast.owner, cast.stranger):
        assert client_for(person).get(path).status_code == 404
    for person in (cast.owner, dean):
        assert client_for(person).get(site).status_code == 404


def test_month_of_few_persons_is_masked_everywhere(cast, client_for):
    ask(cast.instance, range(4))
    roll_up_days()
    roll_up_months()
    organisation = cast.instance.organisation
    dean = OrganisationAdministratorFactory(organisation=organisation).user
    path = reverse("administration:organisation_usage", args=[organisation.slug])
    dashboard = client_for(dean).get(path).context["dashboard"]
    assert dashboard.total.requests == 0
    assert (dashboard.months_masked, dashboard.median_ms, dashboard.persons) == (1, None, None)
    assert [one.figures.requests for one in dashboard.members] == [0]
    assert {one.figures for one in dashboard.columns if one.figures is None} == {None}


def imported(model, columns, row):
    """A row of an export as the values of a row of the database."""

    fields = {field.attname: field for field in model._meta.concrete_fields}

    def value(name):
        field, text = fields[name], row[name]
        # CSV has no null.
        return None if text in ("", None) and field.null else field.to_python(text)

    return tuple(value(name) for name in columns)


def stored(rows, columns):
    """Rows of the database in the order of an export."""
    return [tuple(row) for row in rows.values_list(*columns)]


@pytest.mark.parametrize("kind", ["csv", "json"])
async def test_exports_imported_again_equal_the_database(transactional_db, async_client_for, kind):
    cast = await sync_to_async(make_cast)()

    def fill():
        for seed, instance in enumerate((cast.instance, cast.other_instance)):
            organisation = cast.other_instance.organisation
            people = [cast.owner, cast.teammate]
            make_records(
                instance, 80, since=SINCE, days=40, people=people, serving=organisation, seed=seed
            )
            make_records(instance, 80, since=SINCE, days=40, seed=seed + 2)
        roll_up_days()
        roll_up_months()
        dean = OrganisationAdministratorFactory(organisation=cast.instance.organisation).user
        return dean, UserFactory(is_staff=True)

    def read():
        """What each file has to contain."""
        with tenant(cast.instance):
            days = DailyUsage.objects.for_instance(cast.instance).order_by("day", "pk")
            own = UsageRecord.objects.filter(user=cast.owner).order_by("created_at", "pk")
            daily, mine = stored(days, DAILY_COLUMNS), stored(own, OWN_COLUMNS)
        cells = MonthlyCell.objects.filter(is_masked=False)
        cells = cells.order_by("month", "dimension", "value", "method", "currency")
        organisation_id = cast.instance.organisation_id
        return {
            "instance_usage_export": (DailyUsage, DAILY_COLUMNS, daily),
            "own_usage_export": (UsageRecord, OWN_COLUMNS, mine),
            "organisation_usage_export": (
                MonthlyCell,
                CELL_COLUMNS,
                stored(cells.filter(organisation=organisation_id), CELL_COLUMNS),
            ),
            "site_usage_export": (
                MonthlyCell,
                CELL_COLUMNS,
                stored(cells.filter(organisation=None), CELL_COLUMNS),
            ),
        }

    dean, operator = await sync_to_async(fill)()
    slug = cast.instance.organisation.slug
    whose = {
        "instance_usage_export": (cast.owner, ["law"]),
        "own_usage_export": (cast.owner, ["law"]),
        "organisation_usage_export": (dean, [slug]),
        "site_usage_export": (operator, []),
    }
    for name, (model, columns, expected) in (await sync_to_async(read)()).items():
        person, slugs = whose[name]
        client = await sync_to_async(async_client_for)(person)
        path = reverse(f"administration:{name}", args=[*slugs, kind])
        response = await client.get(path + "?since=2026-11-01&until=2026-12-31")
        text = b"".join([line async for line in response.streaming_content]).decode()
        rows = (
            json.loads(text)
            if kind == "json"
            else list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
        )
        found = [imported(model, columns, row) for row in rows]
        assert expected, name
        assert found == expected, name
