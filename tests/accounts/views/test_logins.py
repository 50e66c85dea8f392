"""The logins of an account are shown, added and removed by its person only."""

import pytest
from allauth.socialaccount.models import SocialAccount
from django.urls import reverse

from instances.models import AuditEntry, Identity
from people.models import User
from tests.accounts.oidc.conftest import *  # noqa: F403 (its issuer, its browser)
from tests.accounts.oidc.conftest import Browser, code_of
from tests.factories import PASSWORD, UserFactory


def log_in_locally(browser, user):
    browser.client.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    return browser


def link(browser, provider="keycloak"):
    """Begin to add a login; the URL at the provider."""
    page = browser.client.post(reverse("login_add"), {"provider": provider})
    return browser.client.get(page.context["url"]).url if page.status_code == 200 else page.url


@pytest.fixture
def ada(db):
    return UserFactory(username="ada")


def audited(action):
    return AuditEntry.objects.using("owner").filter(action=action)


def test_login_is_added_to_account_that_requested_it(browser, rule, issuer, ada):
    log_in_locally(browser, ada)
    answer = browser.client.get(issuer.authorize(link(browser)))
    assert answer.url == reverse("logins")
    assert browser.person == ada
    assert SocialAccount.objects.get().user == ada
    assert Identity.objects.get().user == ada
    page = browser.client.get(reverse("logins"))
    assert "Université A" in page.text
    later = Browser(issuer)
    later.log_in()
    assert later.person == ada
    assert User.objects.count() == 1


def test_login_of_another_account_is_refused(browser, rule, issuer, ada):
    other = Browser(issuer)
    other.log_in()
    log_in_locally(browser, ada)
    answer = browser.client.get(issuer.authorize(link(browser)))
    assert code_of(answer) == "linked_elsewhere"
    assert browser.person == ada
    assert SocialAccount.objects.get().user == other.person


def test_rule_applies_to_linked_logins(browser, rule, issuer, ada):
    rule.required = {"siret": ["1"]}
    rule.save()
    log_in_locally(browser, ada)
    assert code_of(browser.client.get(issuer.authorize(link(browser)))) == "not_invited"
    assert not SocialAccount.objects.exists()


def test_link_from_another_site_adds_no_login(browser, rule, issuer, ada):
    """Without having begun on the page, a login is a login: it changes who is logged in."""
    log_in_locally(browser, ada)
    assert browser.client.get(reverse("login_add")).status_code == 405
    browser.client.get(issuer.authorize(browser.begin(process="connect")))
    assert browser.person != ada
    assert SocialAccount.objects.get().user != ada


def test_login_is_not_linked_to_another_person(browser, rule, issuer, ada):
    log_in_locally(browser, ada)
    url = issuer.authorize(link(browser))
    session = browser.client.session
    bob = UserFactory(username="bob")
    session["_auth_user_id"] = str(bob.pk)
    session["_auth_user_hash"] = bob.get_session_auth_hash()
    session.save()
    assert code_of(browser.client.get(url)) == "linking_ended"
    assert not SocialAccount.objects.exists()


def age_session(browser):
    """Let an hour pass since the person proved who they are."""
    session = browser.client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 3600
    session.save()


def test_adding_a_login_requires_recent_authentication(browser, rule, issuer, ada):
    log_in_locally(browser, ada)
    age_session(browser)
    page = browser.client.get(reverse("logins"))
    assert "login_add" not in page.text
    assert 'value="keycloak"' not in page.text
    assert page.context["confirm_url"].startswith(reverse("account_reauthenticate"))
    assert link(browser) == reverse("logins")
    assert "linking_since" not in browser.client.session


def test_people_of_an_institution_confirm_by_logging_in_again(browser, rule, issuer):
    browser.log_in()
    age_session(browser)
    url = browser.client.get(reverse("logins")).context["confirm_url"]
    assert url.startswith("/accounts/oidc/keycloak/login/")
    answer = browser.client.get(issuer.authorize(browser.client.get(url).url))
    assert answer.url == reverse("logins")


@pytest.mark.parametrize("name", ["mfa_activate_totp", "mfa_add_webauthn"])
def test_people_of_an_institution_confirm_before_they_add_a_factor(browser, rule, name):
    browser.log_in()
    assert browser.client.get(reverse(name)).status_code == 200
    age_session(browser)
    url = browser.client.get(reverse(name)).url
    assert url.startswith("/accounts/oidc/keycloak/login/?next=")


def test_a_login_is_removed_with_what_it_proved(browser, rule, issuer, ada):
    log_in_locally(browser, ada)
    browser.client.get(issuer.authorize(link(browser)))
    account = SocialAccount.objects.get()
    browser.client.post(reverse("login_remove", args=[account.pk]))
    assert not SocialAccount.objects.exists()
    assert not Identity.objects.exists()
    assert browser.person == ada


def test_last_login_cannot_be_removed(browser, rule):
    browser.log_in()
    account = SocialAccount.objects.get()
    page = browser.client.post(reverse("login_remove", args=[account.pk]), follow=True)
    assert "your only login method" in page.text
    assert SocialAccount.objects.exists()


def test_login_of_another_person_cannot_be_removed(browser, rule, issuer, ada):
    browser.log_in()
    stranger = log_in_locally(Browser(issuer), ada)
    account = SocialAccount.objects.get()
    url = reverse("login_remove", args=[account.pk])
    assert stranger.client.post(url).status_code == 404
    assert SocialAccount.objects.exists()


def test_people_of_an_institution_set_no_password(browser, rule):
    browser.log_in()
    answer = browser.client.post(
        "/accounts/password/set/", {"password1": PASSWORD, "password2": PASSWORD}
    )
    assert answer.url == reverse("profile")
    assert not browser.person.has_usable_password()
