"""Quotas on the pages of instances, organisations and the site."""

from typing import Any

import pytest
from django.urls import reverse

from instances.tenancy import tenant
from tests.administration.views.test_charters import LEVELS, administration
from tests.cast import Cast
from tests.usage.factories import QuotaCounterFactory, QuotaFactory
from usage.models import Quota, QuotaCounter

FORM = {
    "per": "member",
    "measure": "requests",
    "amount": "50",
    "period": "day",
    "model": "",
    "warning_percent": "80",
    "is_hard": "on",
}


@pytest.mark.parametrize("level", LEVELS)
def test_quota_is_added_changed_and_removed(cast: Cast, client_for: Any, level: str) -> None:
    person, place = administration(cast, level)
    browser = client_for(person)
    url = reverse(f"administration:{level}_quotas", args=place)
    assert b"No quota here" in browser.get(url).content
    assert browser.post(f"{url}new/", FORM).status_code == 302
    quota = Quota.objects.get()
    page = browser.get(url).content.decode()
    assert "50 requests a day" in page
    assert browser.get(f"{url}{quota.pk}/").status_code == 200
    with tenant(cast.instance):
        QuotaCounterFactory(quota=quota, instance=cast.instance)
    browser.post(f"{url}{quota.pk}/", FORM | {"amount": "60"})
    quota.refresh_from_db()
    assert quota.amount == 60
    twice = browser.post(f"{url}new/", FORM).content.decode()
    assert "There is already a quota of this kind." in twice
    assert "whole number" in browser.post(f"{url}new/", FORM | {"amount": "1.5"}).content.decode()
    browser.post(f"{url}{quota.pk}/remove/")
    assert not Quota.objects.exists()
    with tenant(cast.instance):
        # Also the counters of instances that the administrator does not see.
        assert not QuotaCounter.objects.exists()


def test_quota_of_another_level_is_not_found(cast: Cast, client_for: Any) -> None:
    of_site = QuotaFactory()
    for person, status in ((cast.owner, 404), (cast.teammate, 403), (cast.stranger, 404)):
        browser = client_for(person)
        url = reverse("administration:instance_quota", args=[cast.instance.slug, of_site.pk])
        assert browser.get(url).status_code == status
        assert browser.post(f"{url}remove/").status_code == status
    assert Quota.objects.get() == of_site


def test_site_quota_may_be_for_subjects_that_an_instance_has_not(
    cast: Cast, client_for: Any
) -> None:
    browser = client_for(cast.owner)
    url = reverse("administration:instance_quota_new", args=[cast.instance.slug])
    assert browser.post(url, FORM | {"per": "site"}).status_code == 200
    assert not Quota.objects.exists()
