"""Logins that are begun and never completed are limited, and expire."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.tasks import forget_expired
from people.models import User
from tests.factories import PASSWORD, UserFactory

HALF_AN_HOUR = timedelta(minutes=30)


def lives_for(client):
    return Session.objects.get(session_key=client.session.session_key).expire_date - timezone.now()


def test_login_starts_are_limited_by_address(rule, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {
        "federated_login_start": "2/m/ip"
    }
    url = "/accounts/oidc/keycloak/login/"
    assert [Client().get(url).status_code for _ in range(3)] == [302, 302, 429]
    assert Session.objects.count() == 2


def test_unfinished_login_expires_after_half_an_hour(browser, rule):
    browser.begin()
    assert lives_for(browser.client) <= HALF_AN_HOUR
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    forget_expired()
    assert not Session.objects.exists()


def test_completed_login_restores_the_session_age(browser, rule):
    browser.log_in()
    assert browser.person
    assert lives_for(browser.client) > HALF_AN_HOUR


@pytest.mark.parametrize("begun", [False, True], ids=["password", "after-a-provider"])
def test_password_login_restores_the_session_age(browser, rule, begun):
    ada = UserFactory(username="ada")
    if begun:
        browser.begin()
    browser.client.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    assert browser.person == ada
    assert browser.client.session.get_expire_at_browser_close()
    assert lives_for(browser.client) > HALF_AN_HOUR


def test_login_start_does_not_shorten_a_logged_in_session(rule, browser):
    ada = UserFactory()
    browser.client.force_login(ada)
    browser.begin()
    assert lives_for(browser.client) > HALF_AN_HOUR
    assert User.objects.get(pk=browser.client.session["_auth_user_id"]) == ada
