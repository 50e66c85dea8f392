"""Access that ends when operators change login rules and providers; secrets are hidden."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount, SocialApp
from django.urls import reverse

from accounts.logins.changes import save_rule
from accounts.logins.linking import source_of
from accounts.logins.withdrawal import record_rule_change
from accounts.models import IdentityProvider, MetadataFeed
from accounts.tasks import reevaluate_memberships
from instances.models import AccessRule, Identity, Membership
from instances.rules.identities import record_identity
from instances.tenancy import tenant
from tests.accounts.oidc.conftest import *  # noqa: F403 (its issuer, its browser)
from tests.accounts.oidc.scripted_issuer import CLIENT_SECRET
from tests.factories import InstanceFactory, OrganisationFactory, UserFactory


@pytest.fixture
def operator(db, client_for):
    return client_for(UserFactory(username="root", is_staff=True, is_superuser=True))


@pytest.fixture
def opened(rule):
    """An instance that is open to the people of the rule's organisation."""
    instance = InstanceFactory(slug="law", organisation=rule.organisation)
    with tenant(instance):
        AccessRule.objects.create(instance=instance, audience="organisation", affiliations=[])
    return instance


def members(instance):
    with tenant(instance):
        return Membership.objects.for_instance(instance).count()


def test_changed_rule_ends_its_sessions(browser, rule, opened):
    browser.log_in()
    assert browser.client.get("/i/law/", follow=True).status_code == 200
    assert members(opened) == 1
    person = browser.person
    record_rule_change(rule)
    assert browser.person is None
    assert Identity.objects.get().organisation_ids == []
    reevaluate_memberships([person.pk])
    assert members(opened) == 0
    browser.log_in()
    assert Identity.objects.get().organisation_ids == [rule.organisation_id]
    assert browser.client.get("/i/law/", follow=True).status_code == 200


def test_identities_of_other_logins_are_kept(browser, rule):
    browser.log_in()
    other = record_identity(
        user=browser.person, source="saml:x", organisation_ids=[rule.organisation_id]
    )
    record_rule_change(rule)
    other.refresh_from_db()
    assert other.organisation_ids == [rule.organisation_id]


@pytest.mark.parametrize("way", ["switched off", "deleted", "moved"])
def test_rule_changed_by_operator_ends_sessions(browser, rule, operator, way):
    browser.log_in()
    if way == "deleted":
        operator.post(reverse("operation:login_rule_remove", args=[rule.pk]))
    elif way == "switched off":
        operator.post(reverse("operation:login_rule_switch", args=[rule.pk]), {"is_enabled": "no"})
    else:
        rule.organisation = OrganisationFactory()
        save_rule(rule)
    assert browser.person is None
    assert Identity.objects.get().organisation_ids == []


def test_secrets_are_not_shown(operator, rule, browser):
    browser.log_in()
    app = SocialApp.objects.get()
    TOTP.activate(browser.person, secret := generate_totp_secret())
    factor = Authenticator.objects.get(type="totp")
    account = SocialAccount.objects.get()
    for name, pk in (
        ("mfa_authenticator", factor.pk),
        ("socialaccount_socialaccount", account.pk),
    ):
        assert operator.get(reverse(f"admin:{name}_changelist")).status_code == 200
        page = operator.get(reverse(f"admin:{name}_change", args=[pk]))
        assert page.status_code == 200
        assert CLIENT_SECRET not in page.text
        assert app.settings["client_secret"] not in page.text
        assert secret not in page.text


def test_removed_provider_ends_sessions_and_logins(operator, browser, rule):
    browser.log_in()
    app = SocialApp.objects.get()
    operator.post(reverse("operation:oidc_provider_remove", args=[app.pk]))
    assert browser.person is None
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("what", ["provider", "feed", "deleted"])
def test_disabled_institution_ends_sessions(operator, what):
    """Its people keep neither what it said of them nor what that gave."""
    feed = MetadataFeed.objects.create(name="F", url="https://feed.example/", certificates="x")
    idp = IdentityProvider.objects.create(entity_id="https://idp.example/", feed=feed)
    account = SocialAccount.objects.create(
        user=UserFactory(), provider="saml", uid="x", extra_data={"issuer": idp.entity_id}
    )
    record_identity(user=account.user, source=source_of(account), organisation_ids=[])
    name, row = {
        "provider": ("identity_provider_switch", idp),
        "feed": ("feed_switch", feed),
        "deleted": ("feed_remove", feed),
    }[what]
    operator.post(reverse(f"operation:{name}", args=[row.pk]), {"is_enabled": "no"})
    assert not Identity.objects.exists()
