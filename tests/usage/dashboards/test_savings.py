"""What frugal answers saved, from the records of the instance alone."""

from datetime import date
from uuid import UUID

import pytest
from django.urls import reverse
from django.utils import timezone

from instances.tenancy import tenant
from tests.factories import InstanceFactory, OrganisationAdministratorFactory, UserFactory
from tests.usage.factories import UsageRecordFactory
from usage.dashboards.periods import Period
from usage.dashboards.savings import savings_of
from usage.tasks import roll_up_days, roll_up_months

COMPLETE = {"kind": "answer", "outcome": "complete"}


@pytest.fixture
def period() -> Period:
    return Period.around(timezone.localdate(), "month")


def savings_in(instance, period):
    roll_up_days()
    with tenant(instance):
        return savings_of(instance, period)


def test_saving_of_repeated_answers_is_that_of_their_rows(cast, period):
    for avoided_wh, method in [(0.5, "modelled"), (0.25, "modelled"), (2.0, "measured")]:
        UsageRecordFactory(
            instance=cast.instance, kind="answer", outcome="cached", model="large",
            avoided_wh=avoided_wh, method=method,
        )  # fmt: skip
    UsageRecordFactory(instance=cast.other_instance, outcome="cached", avoided_wh=9.0)
    found = savings_in(cast.instance, period)
    assert {(one.method, one.answers, one.avoided_wh) for one in found} == {
        ("modelled", 2, 0.75),
        ("measured", 1, 2.0),
    }
    empty = Period.around(date(2020, 1, 1), "month")
    with tenant(cast.instance):
        assert savings_of(cast.instance, empty) == []


def test_first_answers_save_the_mean_of_the_model_on_demand(cast, period):
    def answer(**fields):
        UsageRecordFactory(instance=cast.instance, **COMPLETE | fields)

    for _ in range(5):
        answer(
            model="extractive",
            method="local",
            energy_wh=0.01,
            frugal_step="first",
            other_model="large",
        )
    answer(model="large", energy_wh=1.0, frugal_step="on_demand", other_model="extractive")
    answer(model="large", energy_wh=3.0)
    # Of another method, and less often: not in the mean.
    answer(model="large", energy_wh=90.0, method="modelled")
    # Of the same model in another instance, and of a failure: neither counts.
    UsageRecordFactory(instance=cast.other_instance, **COMPLETE, model="large", energy_wh=70.0)
    answer(model="extractive", outcome="failed", frugal_step="first", other_model="large")
    (saving,) = savings_in(cast.instance, period)
    assert (saving.answers, saving.on_demand, saving.n_compared) == (5, 1, 2)
    assert (saving.avoided_wh, saving.method) == ((5 - 1) * 2.0, "measured")
    # Of another method: it stands beside.
    assert (saving.net_wh, saving.beside) == (8.0, [("local", pytest.approx(0.05))])


def test_energy_of_all_first_answers_is_subtracted(cast, period, client_for):
    small = {"model": "small", "energy_wh": 0.5, "frugal_step": "first", "other_model": "large"}
    answer(cast.instance, range(4), **small)
    on_demand = ON_DEMAND | {"other_model": "small", "energy_wh": 2.0}
    answer(cast.instance, range(1), **on_demand)
    (saving,) = savings_in(cast.instance, period)
    # Three answers of 2 Wh were avoided; four of 0.5 Wh were written first.
    assert (saving.avoided_wh, saving.subtracted_wh, saving.net_wh) == (6.0, 2.0, 4.0)
    text = client_for(cast.owner).get("/i/law/usage/").text.replace("\u00a0", " ")
    assert "6 Wh avoided, 2 Wh taken instead" in " ".join(text.split())


def test_first_answers_that_others_follow_save_less_than_nothing(cast, period):
    small = {"model": "small", "energy_wh": 0.5, "frugal_step": "first", "other_model": "large"}
    answer(cast.instance, range(2), **small)
    answer(cast.instance, range(2), **ON_DEMAND | {"other_model": "small", "energy_wh": 2.0})
    (saving,) = savings_in(cast.instance, period)
    assert saving.net_wh == -1.0


def test_saving_without_an_answer_to_compare_with_is_not_known(cast, period, client_for):
    UsageRecordFactory(
        instance=cast.instance, **COMPLETE, method="local", frugal_step="first", other_model="large"
    )
    (saving,) = savings_in(cast.instance, period)
    assert saving.avoided_wh is None
    page = client_for(cast.owner).get("/i/law/usage/")
    assert "not known" in page.content.decode()
    assert client_for(cast.teammate).get("/i/law/usage/").context["dashboard"].savings == []
    assert client_for(cast.stranger).get("/i/law/usage/").status_code == 404


def answer(instance, persons, **fields):
    """An answer of each person."""
    for person in persons:
        UsageRecordFactory(instance=instance, pseudonym=UUID(int=person), **COMPLETE | fields)


FIRST = {
    "model": "extractive",
    "method": "local",
    "energy_wh": 0.01,
    "frugal_step": "first",
    "other_model": "large",
}
ON_DEMAND = {"model": "large", "frugal_step": "on_demand", "other_model": "extractive"}
CACHED = {"outcome": "cached", "model": "large", "avoided_wh": 0.5}


@pytest.fixture
def consoles(cast, client_for):
    """The savings on the pages of the organisation of ``cast.instance``, and of the site."""

    def read():
        roll_up_days()
        roll_up_months()
        organisation = cast.instance.organisation
        dean = OrganisationAdministratorFactory(organisation=organisation).user
        operator = UserFactory(is_staff=True)
        pages = [
            client_for(dean).get(
                reverse("administration:organisation_usage", args=[organisation.slug])
            ),
            client_for(operator).get(reverse("administration:site_usage")),
        ]
        return [
            [
                (one.on_demand is None, one.method, one.answers, one.net_wh)
                for one in page.context["dashboard"].savings
            ]
            for page in pages
        ]

    return read


def test_consoles_add_up_the_savings_of_their_instances(cast, consoles):
    sibling = InstanceFactory(organisation=cast.instance.organisation)
    answer(cast.instance, range(8), **FIRST)
    # Five of them are followed, by answers of 2 Wh: 3 are spared.
    answer(cast.instance, range(5), **ON_DEMAND, energy_wh=2.0)
    # In the other instance the same model takes 10 Wh.
    answer(sibling, range(6), **FIRST)
    answer(sibling, range(6), model="large", energy_wh=10.0)
    answer(sibling, range(5), **CACHED)
    # Of another organisation, whose mean is not known.
    answer(cast.other_instance, range(7), **FIRST | {"other_model": "huge"})
    answer(cast.other_instance, range(7), **CACHED)
    organisation, site = consoles()
    assert organisation == [(True, "measured", 5, 2.5), (False, "measured", 9, 3 * 2.0 + 6 * 10.0)]
    assert site == [(True, "measured", 12, 6.0), (False, "measured", 9, 66.0)]


def test_consoles_subtract_what_first_answers_took(cast, consoles):
    small = {"model": "small", "energy_wh": 0.5, "frugal_step": "first", "other_model": "large"}
    answer(cast.instance, range(9), **small)
    answer(cast.instance, range(5), **ON_DEMAND | {"other_model": "small"}, energy_wh=2.0)
    answer(cast.instance, range(7), **CACHED)
    organisation, site = consoles()
    # Four answers of 2 Wh avoided, nine of 0.5 Wh taken.
    assert organisation == site == [(True, "measured", 7, 3.5), (False, "measured", 4, 3.5)]


KINDS = {
    "first": FIRST,
    "on demand": ON_DEMAND,
    "given again": CACHED,
    "others": {"model": "large"},
    "stopped": {"model": "large", "outcome": "stopped"},
}


@pytest.mark.parametrize("few", ["none", *KINDS])
def test_savings_of_a_month_are_shown_as_a_whole_or_not_at_all(cast, consoles, few):
    for kind, fields in KINDS.items():
        answer(cast.instance, range(4 if kind == few else 9), **fields)
    organisation, site = consoles()
    assert organisation == site
    assert bool(organisation) == (few == "none")
