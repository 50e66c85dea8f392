"""Anonymous clients cannot fill the tables: requests and responses are limited."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import SamlPost, SamlRequest
from accounts.saml.messages import authn_request
from people.models import User
from tests.accounts.saml.idps import forger
from tests.accounts.saml.journey import Browser, code_of, identity


def test_one_response_is_kept_per_request(browser, rule):
    browser.begin(rule)
    answer = browser.answer(attributes={"eppn": ["alice@univ-a.example"]})
    padded = forger.signed_assertion(
        answer, before=lambda root: root.set("Consent", "x" * (300 << 10))
    )
    urls = [browser.post(padded).url for _ in range(30)]
    assert SamlPost.objects.count() == 1
    assert code_of(browser.client.get(urls[0])) == "used"
    assert browser.person is None


def test_last_response_to_a_request_logs_in(browser, rule):
    """A double click on the institution's page posts twice, and follows the second redirection."""
    browser.begin(rule)
    xml = forger.signed_assertion(browser.answer())
    browser.post(forger.signed_assertion(browser.answer(), before=_as_eve))
    browser.finish(xml)
    assert identity(browser.person) == ("alice@univ-a.example", "https://idp-a.example/idp")
    assert User.objects.count() == 1


def _as_eve(root):
    root.find(".//saml:AttributeValue", forger.NS).text = "eve@univ-a.example"


def test_response_to_an_answered_request_is_not_kept(browser, rule):
    browser.log_in(rule)
    again = forger.signed_assertion(browser.answer())
    response = browser.finish(again)
    assert code_of(response) == "used"
    assert "Back to my instances" in response.text
    assert not SamlPost.objects.exists()


def test_oldest_responses_are_deleted(browser, rule, idp_a, monkeypatch):
    monkeypatch.setattr(authn_request, "MAX_POSTS", 3)
    for _ in range(4):
        other = Browser(idp_a)
        other.begin(rule)
        other.post(forger.signed_assertion(other.answer()))
    assert SamlPost.objects.count() == 3
    browser.log_in(rule)
    assert browser.person.username == "alice@univ-a.example"


def test_expired_response_is_deleted(browser, rule, idp_a):
    browser.begin(rule)
    browser.post(forger.signed_assertion(browser.answer()))
    SamlPost.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    Browser(idp_a).log_in(rule)
    assert not SamlPost.objects.exists()


def test_requests_are_limited_by_browser(browser, rule, monkeypatch):
    monkeypatch.setattr(authn_request, "MAX_REQUESTS_OF_BROWSER", 3)
    first = browser.begin(rule)
    kept = [browser.begin(rule) for _ in range(3)]
    assert set(SamlRequest.objects.values_list("request_id", flat=True)) == set(kept)
    assert code_of(browser.finish(forger.signed_assertion(browser.answer(first)))) == "stale"
    browser.finish(forger.signed_assertion(browser.answer(kept[0])))
    assert browser.person.username == "alice@univ-a.example"


def test_requests_are_limited_in_total(browser, rule, idp_a, monkeypatch):
    monkeypatch.setattr(authn_request, "MAX_REQUESTS", 5)
    for _ in range(8):
        Browser(idp_a).begin(rule)
    assert SamlRequest.objects.count() == 5
    browser.log_in(rule)
    assert browser.person.username == "alice@univ-a.example"


@pytest.mark.parametrize("action", ["federated_login_start", "discovery"])
def test_login_starts_are_limited_by_address(rule, settings, action):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {action: "2/m/ip"}
    url = {
        "federated_login_start": reverse("saml:login", args=[rule.identity_provider_id])
        + f"?organisation={rule.organisation.slug}",
        "discovery": reverse("saml:institutions"),
    }[action]
    answers = [Client().get(url) for _ in range(3)]
    assert [answer.status_code for answer in answers][2] == 429
    assert [answer.status_code < 400 for answer in answers[:2]] == [True, True]
    assert SamlRequest.objects.count() == (2 if action == "federated_login_start" else 0)
