"""What people and programs see when something fails."""

import pytest
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.test import Client
from django.urls import path, reverse

from ragapp import urls as site


def too_big(request):
    raise RequestDataTooBig


def broken(request):
    raise ValueError("a secret of ours")


def without_database(request):
    raise OperationalError("no connection")


handler400, handler403 = site.handler400, site.handler403
handler404, handler500 = site.handler404, site.handler500
urlpatterns = [
    *site.urlpatterns,
    path("too-big/", too_big),
    path("broken/", broken),
    path("without-database/", without_database),
]


@pytest.fixture
def browser(settings):
    settings.ROOT_URLCONF = __name__
    settings.SUPPORT_CONTACT = "help@example.org"
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        ("/nowhere/", 404, "not_found"),
        ("/too-big/", 413, "too_large"),
        ("/broken/", 500, "server_error"),
        ("/without-database/", 503, "unavailable"),
    ],
)
def test_every_failure_says_what_to_do(db, browser, url, status, code):
    page = browser.get(url, headers={"accept": "text/html,*/*;q=0.8"})
    assert page.status_code == status
    assert page.text.count("<h1") == 1
    assert page["X-Correlation-Id"] in page.text
    assert "help@example.org" in page.text
    assert "a secret of ours" not in page.text
    answer = browser.get(url, headers={"accept": "application/json"})
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code


def test_a_failure_without_a_database_asks_it_nothing(db, browser, django_assert_num_queries):
    with django_assert_num_queries(0):
        page = browser.get("/without-database/")
    assert page["Retry-After"] == "60"


def test_who_may_not_is_told_whom_to_ask(cast, browser):
    browser.force_login(cast.teammate)
    page = browser.get(
        reverse("instances:general", args=["law"]), headers={"accept-language": "en"}
    )
    assert page.status_code == 403
    assert "Ask one of its administrators" in page.text
    assert "Faculté de droit" in page.text


def test_a_form_from_elsewhere_is_refused_in_words(cast, settings):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.owner)
    page = browser.post(reverse("preferences"), headers={"accept-language": "en"})
    assert page.status_code == 403
    assert "reload it and try again" in page.text
