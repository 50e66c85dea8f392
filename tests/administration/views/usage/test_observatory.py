"""The observatory: who asks, and about what; small groups are masked."""

import csv
import io
import json
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from django.urls import reverse

from tests.cast import make_cast
from tests.factories import OrganisationAdministratorFactory, UserFactory
from tests.usage.factories import UsageRecordFactory
from usage.dashboards.observatory import DIMENSIONS
from usage.models import SUM_COLUMNS, MonthlyCell
from usage.tasks import roll_up_days, roll_up_months


def ask(instance, persons, **fields):
    """One question each of several persons; the same numbers are the same persons."""
    for person in persons:
        UsageRecordFactory(instance=instance, pseudonym=UUID(int=person), **fields)


def fill(cast):
    """Questions of four groups of people, and of another organisation that releases nothing."""
    for first, number, fields in [
        (0, 7, {"affiliation": "staff", "trade": "BAP J", "subject": "340"}),
        (10, 6, {"affiliation": "faculty", "trade": "CNU 26", "subject": "330"}),
        (20, 4, {"affiliation": "student", "trade": "", "subject": "370"}),
        (30, 8, {"subject": "510"}),
    ]:
        ask(cast.instance, range(first, first + number), **fields)
    ask(cast.other_instance, range(40, 50))
    roll_up_days()
    roll_up_months()
    return OrganisationAdministratorFactory(organisation=cast.instance.organisation).user


@pytest.fixture
def dean(cast):
    return fill(cast)


def address(organisation, *kind):
    name = "organisation_observatory_export" if kind else "organisation_observatory"
    return reverse(f"administration:{name}", args=[organisation.slug, *kind])


def lines(page, name):
    """The groups of a chart: how many persons or questions are shown."""
    charts = {chart.name: chart for chart in page.context["charts"]}
    return {bar.group.label: bar.number for bar in charts[name].bars}


def test_people_are_counted_by_what_institutions_release_and_masked_below_five(
    cast, dean, client_for
):
    page = client_for(dean).get(address(cast.instance.organisation))
    # With the four students goes the smallest other group, or they would be the difference.
    assert lines(page, "affiliations") == {
        "Staff": 7,
        "Not released": 8,
        "Teaching staff": None,
        "Student": None,
    }
    assert lines(page, "trades") == {
        "Not released": 12,
        "BAP J · Management and steering": 7,
        "Teaching staff, CNU section 26": 6,
    }
    text = page.content.decode()
    assert "People by affiliation" in text
    assert "20 people" not in text


def test_questions_are_counted_by_class_and_division(cast, dean, client_for):
    page = client_for(dean).get(address(cast.instance.organisation))
    classes = {
        group.value: (
            group.figures.questions,
            {part.value: (part.figures.questions, part.months_masked) for part in parts},
        )
        for group, parts in page.context["observatory"].classes
    }
    # The four questions on 370 are the difference of the class and 340; so 330 is masked, too.
    assert classes == {
        "3": (17, {"340": (7, 0), "330": (0, 1), "370": (0, 1)}),
        "5": (8, {"510": (8, 0)}),
    }


def test_questions_of_each_group_are_counted_by_class(cast, dean, client_for):
    page = client_for(dean).get(address(cast.instance.organisation))
    tables = page.context["observatory"].crossings
    assert [number for number, _label in tables[0].classes] == ["300", "500"]
    affiliations, trades = (
        {row.label: [cell.questions for cell in row.cells] for row in table.rows}
        for table in tables
    )
    # A dash for nobody, and for the groups that are masked above.
    assert affiliations == {
        "Staff": [7, None],
        "Teaching staff": [None, None],
        "Student": [None, None],
        "Not released": [None, 8],
    }
    # The four students have no trade: with them goes the smallest of their row and column.
    assert trades == {
        "BAP J · Management and steering": [7, None],
        "Teaching staff, CNU section 26": [None, None],
        "Not released": [None, None],
    }
    html = page.content.decode()
    assert "Questions by affiliation and subject" in html
    assert html.count('"visually-hidden">not shown<') == 11


def test_only_administrators_of_the_level_see_it(cast, dean, client_for):
    own = address(cast.instance.organisation)
    site = reverse("administration:site_observatory")
    operator = client_for(UserFactory(is_staff=True))
    assert set(lines(operator.get(site), "members").values()) == {25, 10}
    for person in (cast.owner, cast.stranger, dean):
        assert client_for(person).get(site).status_code == 404
    for person in (cast.owner, cast.stranger):
        assert client_for(person).get(own).status_code == 404
        for kind in ("csv", "json"):
            path = address(cast.instance.organisation, kind)
            assert client_for(person).get(path).status_code == 404
    other = cast.other_instance.organisation
    theirs = client_for(OrganisationAdministratorFactory(organisation=other).user)
    assert {chart.name for chart in theirs.get(address(other)).context["charts"]} == {
        "classes",
        "members",
    }
    assert client_for(dean).get(own + "export.xls").status_code == 404


@pytest.mark.parametrize("kind", ["csv", "json"])
async def test_exports_equal_the_cells_that_may_be_shown(transactional_db, async_client, kind):
    cast = await sync_to_async(make_cast)()
    dean = await sync_to_async(fill)(cast)
    await sync_to_async(async_client.force_login)(dean)
    response = await async_client.get(address(cast.instance.organisation, kind))
    text = b"".join([line async for line in response.streaming_content]).decode()
    if kind == "json":
        exported = json.loads(text)
    else:
        exported = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))

    def cells():
        found = MonthlyCell.objects.of(cast.instance.organisation_id)
        return list(found.filter(dimension__in=DIMENSIONS, is_masked=False))

    def key(row):
        return row["dimension"], row["value"].removeprefix("'"), row["method"], row["currency"]

    expected = {
        (cell.dimension, cell.value, cell.method, cell.currency): (
            cell.persons,
            *(float(getattr(cell, name)) for name in SUM_COLUMNS),
        )
        for cell in await sync_to_async(cells)()
    }
    found = {
        key(row): (
            int(row["persons"]) if row["persons"] else None,
            *(float(row[name]) for name in SUM_COLUMNS),
        )
        for row in exported
    }
    assert found == expected
    assert len(exported) == len(expected)
    assert {"class", "affiliation"} <= {row["dimension"] for row in exported}
