"""What frugal answers saved, from the records of the instance alone."""

from datetime import date

import pytest
from django.utils import timezone

from instances.tenancy import tenant
from tests.factories import UsageRecordFactory
from usage.dashboards.periods import Period
from usage.dashboards.savings import savings_of
from usage.tasks import roll_up_days

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
