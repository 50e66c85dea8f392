"""Pages of usage with figures are accessible, on narrow screens as well."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.test_administration import is_accessible
from tests.cast import make_cast
from tests.factories import InstanceFactory, OrganisationAdministratorFactory, UserFactory
from tests.usage.factories import UsageRecordFactory
from tests.usage.generated import make_records
from usage.tasks import roll_up_days, roll_up_months


@pytest.fixture
def cast(transactional_db):
    """The cast, whose owner administers the organisation; with two months of usage."""
    cast = make_cast()
    organisation = cast.instance.organisation
    OrganisationAdministratorFactory(organisation=organisation, user=cast.owner)
    since = timezone.now() - timedelta(days=60)
    make_records(cast.instance, 300, since=since, days=60, people=[cast.owner, cast.teammate])
    sibling = InstanceFactory(organisation=organisation, name="Bibliothèque universitaire")
    for seed, instance in enumerate((cast.instance, sibling, cast.other_instance)):
        make_records(instance, 300, since=since, days=60, seed=seed)
    for number, (affiliation, trade) in enumerate(
        [*[("staff", "BAP J")] * 9, *[("faculty", "CNU 26")] * 7, *[("student", "")] * 3]
    ):
        for subject in ("340", "370", "510"):
            UsageRecordFactory(
                instance=cast.instance,
                pseudonym=UUID(int=number),
                affiliation=affiliation,
                trade=trade,
                subject=subject,
                model="large",
                energy_wh=0.4,
                method="modelled",
            )
        for fields in (
            {"outcome": "cached", "avoided_wh": 0.4, "model": "large", "method": "modelled"},
            {"frugal_step": "first", "other_model": "large", "method": "local"},
        ):
            UsageRecordFactory(instance=cast.instance, pseudonym=UUID(int=number), **fields)
    roll_up_days()
    roll_up_months()
    return cast


def paths(cast):
    organisation = f"/o/{cast.instance.organisation.slug}"
    return [
        *("/i/law/usage/", "/i/law/usage/own/"),
        *(f"{organisation}/usage/", f"{organisation}/usage/observatory/"),
        *("/organisations/usage/", "/organisations/usage/observatory/"),
    ]


@pytest.mark.parametrize(
    ("locale", "scheme", "width"),
    [("fr-FR", "light", 1440), ("en-GB", "dark", 390), ("fr-FR", "dark", 320)],
)
def test_pages_of_usage_are_accessible(page_for, axe, cast, locale, scheme, width):
    cast.owner.is_staff = True
    cast.owner.save()
    page = page_for(cast.owner, locale=locale, scheme=scheme, width=width)
    for path in paths(cast):
        page.goto(f"{path}?length=year")
        for table in page.locator("main details").all():
            table.locator("summary").click()
        is_accessible(page, axe)


def test_administrator_reads_the_observatory_and_takes_its_figures(page_for, cast):
    page = page_for(cast.owner)
    page.goto(f"/o/{cast.instance.organisation.slug}/usage/")
    page.get_by_role("link", name="Observatory").click()
    subjects = page.get_by_role("figure", name="Questions by subject")
    classes = subjects.get_by_role("listitem")
    expect(classes.filter(has_text="Society, economy, law")).to_have_count(1)
    trades = page.get_by_role("figure", name="People by trade")
    expect(trades.get_by_role("listitem").filter(has_text="CNU section 26")).to_have_count(1)
    page.get_by_role("link", name="Year").click()
    page.locator("#classes ~ details summary").click()
    table = page.get_by_role("region", name="Questions by subject")
    expect(table.get_by_role("row", name="340")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert "affiliation" in download.value.path().read_text()


def test_stranger_finds_no_observatory(page_for, cast):
    page = page_for(UserFactory())
    response = page.goto(f"/o/{cast.instance.organisation.slug}/usage/observatory/")
    assert response.status == 404
