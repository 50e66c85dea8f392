"""Attacks on the steps of a login; each asserts which account is logged in afterwards."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from lxml import etree

from accounts.models import SamlRequest, SamlSession
from accounts.saml.metadata.feeds import add_single_idp
from accounts.saml.service_provider import service_provider
from people.models import User
from tests.accounts.saml.idps import forger
from tests.accounts.saml.idps.forger import Answer
from tests.accounts.saml.journey import Browser, code_of, request_of


def test_unsolicited_response_is_refused(browser, rule):
    response = browser.finish(forger.signed_assertion(browser.answer("_never_sent")))
    assert (code_of(response), browser.person) == ("stale", None)


def test_response_of_another_idp_is_refused(browser, rule, idp_b):
    """B answers a request that went to A, with B's own good signature."""
    add_single_idp(idp_b.metadata().encode())
    request_id = browser.begin(rule)
    answer = Answer(
        idp_b, service_provider(), request_id, attributes={"eppn": ["alice@univ-a.example"]}
    )
    response = browser.finish(forger.signed_assertion(answer))
    assert (code_of(response), browser.person, User.objects.count()) == ("refused", None, 0)


@pytest.mark.parametrize("same", [True, False], ids=["same-browser", "another-browser"])
def test_replayed_response_is_refused(browser, rule, idp_a, same):
    browser.begin(rule)
    xml = forger.signed_assertion(browser.answer())
    browser.finish(xml)
    thief = browser if same else Browser(idp_a)
    before = thief.person
    response = thief.finish(xml)
    assert code_of(response) == "used"
    assert thief.person == before


def test_assertion_in_a_second_response_is_refused(browser, rule, idp_a, monkeypatch):
    """The same assertion id for another request of the same browser."""
    browser.begin(rule)
    first = forger.signed_assertion(
        browser.answer(), before=lambda root: forger.assertion_of(root).set("ID", "_same")
    )
    browser.finish(first)
    browser.client.logout()
    browser.begin(rule)
    second = forger.signed_assertion(
        browser.answer(), before=lambda root: forger.assertion_of(root).set("ID", "_same")
    )
    assert (code_of(browser.finish(second)), browser.person) == ("refused", None)


def test_response_in_another_browser_is_refused(browser, rule, idp_a):
    """The attacker's own answer, posted by the victim's browser."""
    attacker = Browser(idp_a)
    attacker.begin(rule)
    attacker_answer = forger.signed_assertion(attacker.answer())
    browser.begin(rule)
    response = browser.finish(attacker_answer)
    assert (code_of(response), browser.person) == ("cookie", None)


def test_login_without_the_browser_cookie_is_refused(browser, rule):
    browser.begin(rule)
    browser.client.cookies.clear()
    response = browser.finish(forger.signed_assertion(browser.answer()))
    assert (code_of(response), browser.person) == ("cookie", None)


def test_token_is_accepted_once(browser, rule):
    browser.begin(rule)
    url = browser.post(forger.signed_assertion(browser.answer())).url
    browser.client.get(url)
    assert code_of(browser.client.get(url)) == "used"
    assert browser.person


def test_expired_login_is_refused(browser, rule):
    browser.begin(rule)
    SamlRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    response = browser.finish(forger.signed_assertion(browser.answer()))
    assert (code_of(response), browser.person) == ("stale", None)


def test_host_header_has_no_effect(browser, rule, settings):
    settings.ALLOWED_HOSTS = ["*"]
    url = reverse("saml:login", args=[rule.identity_provider_id])
    response = browser.client.get(url, headers={"host": "evil.example"})
    request = request_of(response.url)
    assert request.get("AssertionConsumerServiceURL") == "https://rag.example/saml/acs/"
    assert b"evil.example" not in etree.tostring(request)


def test_next_page_is_stored_and_relay_state_ignored(browser, rule):
    browser.begin(rule, next="/i/law/")
    assert browser.finish(forger.signed_assertion(browser.answer())).url == "/i/law/"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:1"])
def test_next_stays_on_this_site(browser, rule, target):
    browser.begin(rule, next=target)
    assert browser.finish(forger.signed_assertion(browser.answer())).url == "/"


@pytest.mark.django_db(transaction=True)
def test_concurrent_posts_of_one_response_log_in_once(browser, rule):
    browser.begin(rule)
    xml = forger.post(forger.signed_assertion(browser.answer()))

    def post_and_finish(_number):
        client = Client()
        client.cookies = browser.client.cookies.copy()
        response = browser.post(xml)
        if response.status_code == 302:
            response = client.get(response.url)
        connection.close()
        return response.status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(post_and_finish, range(2))) == [302, 400]
    assert User.objects.count() == SamlSession.objects.count() == 1
