"""Each failure has its own page: what happened, what to do, the contact; without XML."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.logins.policy import REFEDS_MFA
from accounts.saml.failure_pages import FAILURES
from tests.accounts.saml.idps import forger
from tests.accounts.saml.idps.forger import Answer, assertion_of
from tests.accounts.saml.journey import code_of

STATUS = "urn:oasis:names:tc:SAML:2.0:status:"


def answer_without_assertion(browser, rule, status):
    browser.begin(rule)
    root = browser.answer(status=f"{STATUS}{status}").tree()
    root.remove(assertion_of(root))
    return browser.finish(root)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("RequestDenied", "unknown_to_idp"),
        ("RequestUnsupported", "unknown_to_idp"),
        ("Requester", "unknown_to_idp"),
        ("Responder", "idp_error"),
        ("AuthnFailed", "idp_error"),
        ("NoAuthnContext", "mfa"),
    ],
)
def test_status_has_its_failure_page(browser, rule, status, code):
    response = answer_without_assertion(browser, rule, status)
    assert (code_of(response), browser.person) == (code, None)


def test_failure_page_shows_contact_and_entity_id(browser, rule, settings):
    settings.SUPPORT_CONTACT = "site@rag.example"
    rule.organisation.support_contact = "help@univ-a.example"
    rule.organisation.save()
    rule.identity_provider.error_url = "https://univ-a.example/help"
    rule.identity_provider.save()
    response = answer_without_assertion(browser, rule, "RequestDenied")
    page = response.content.decode()
    assert "help@univ-a.example" in page
    assert "site@rag.example" not in page
    assert 'href="https://univ-a.example/help"' in page
    assert "https://rag.example/saml/metadata" in page
    assert response.headers["X-Correlation-ID"] in page
    assert "Université A" in page
    assert "samlp" not in page


def test_contact_of_site_is_shown_for_organisation_without_contact(browser, rule, settings):
    settings.SUPPORT_CONTACT = "site@rag.example"
    response = answer_without_assertion(browser, rule, "Responder")
    assert "site@rag.example" in response.content.decode()


def test_failure_pages_differ():
    texts = [(failure.title, failure.sentence) for failure in FAILURES.values()]
    assert len(set(texts)) == len(texts)


def test_stale_bookmark_of_idp_page_has_failure_page(rule, sp, idp_a):
    """It answers a request that this site forgot, or none at all."""
    xml = forger.signed_assertion(Answer(idp_a, sp, "_long_ago"))
    response = Client().post("/saml/acs/", {"SAMLResponse": forger.post(xml)})
    assert (response.status_code, code_of(response)) == (400, "stale")


def test_discovery_explains_an_unanswered_request(browser, rule):
    assert "unanswered" not in browser.client.get("/saml/").content.decode()
    browser.begin(rule)
    page = browser.client.get("/saml/").content.decode()
    assert 'data-code="unanswered"' in page
    assert "https://rag.example/saml/metadata" in page
    browser.finish(forger.signed_assertion(browser.answer()))
    assert "unanswered" not in browser.client.get("/saml/").content.decode()


def test_missing_second_factor_has_failure_page(browser, rule):
    rule.require_mfa = True
    rule.save()
    assert code_of(browser.log_in(rule)) == "mfa"
    assert browser.log_in(rule, context=REFEDS_MFA).status_code == 302


@pytest.mark.parametrize("url", ["acs", "finish"])
def test_logins_are_limited_by_address(db, settings, url):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"federated_login": "3/m/ip"}
    method = "post" if url == "acs" else "get"
    statuses = [getattr(Client(), method)(reverse(f"saml:{url}")).status_code for _ in range(4)]
    assert [status == 429 for status in statuses] == [False, False, False, True]
