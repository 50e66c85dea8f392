"""People who may not log in, or no longer, get no session and a page with the reason."""

import pytest
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from accounts.logins.policy import REFEDS_MFA
from accounts.logins.sessions import end_sessions, end_sessions_of_disabled
from accounts.models import IdentityProvider, LoginRule, SamlSession
from instances.access.api_keys import authenticate, create_api_key
from instances.access.gates import get_membership
from instances.models import AccessRule
from instances.tenancy import tenant
from people.models import User
from tests.accounts.saml.idps import forger
from tests.accounts.saml.journey import Browser, code_of
from tests.factories import AccessRuleFactory, InstanceFactory, OrganisationFactory


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        (
            {"eppn": ["zoe@univ-a.example"], "affiliation": ["student@univ-a.example"]},
            "affiliation",
        ),
        ({"eppn": ["zoe@univ-a.example"], "affiliation": ["member@univ-a.example"]}, "affiliation"),
        ({"eppn": ["zoe@univ-a.example"], "affiliation": ["staff@univ-b.example"]}, "affiliation"),
        ({"eppn": ["zoe@univ-a.example"]}, "affiliation"),
        ({"affiliation": ["staff@univ-a.example"]}, "nothing_released"),
        ({}, "nothing_released"),
    ],
    ids=["student", "member", "another's scope", "none", "no identifier", "nothing"],
)
def test_person_outside_the_rule_is_refused(browser, rule, attributes, code):
    response = browser.log_in(rule, attributes=attributes)
    assert (code_of(response), browser.person, User.objects.count()) == (code, None, 0)


def test_required_value_is_checked(browser, rule, idp_a):
    rule.required = {"eduPersonEntitlement": ["urn:x:rag"]}
    rule.save()
    attributes = {"eppn": ["a@univ-a.example"], "affiliation": ["staff@univ-a.example"]}
    assert code_of(browser.log_in(rule, attributes=attributes)) == "not_invited"
    browser.log_in(rule, attributes=attributes | {"entitlement": ["urn:x:rag"]})
    assert browser.person.username == "a@univ-a.example"


def test_rights_are_reevaluated_at_each_login(browser, rule, idp_a):
    instance = InstanceFactory(slug="law", organisation=rule.organisation)
    AccessRuleFactory(instance=instance, audience=AccessRule.Audience.ORGANISATION)
    browser.log_in(rule)
    alice = browser.person
    assert browser.client.get("/i/law/").status_code == 200
    with tenant(instance):
        _key, secret = create_api_key(
            instance=instance, name="mine", scope="chat", created_by=alice
        )
    assert authenticate(secret) is not None
    later = Browser(idp_a)
    attributes = {
        "subject-id": ["alice@univ-a.example"],
        "affiliation": ["student@univ-a.example"],
    }
    assert code_of(later.log_in(rule, attributes=attributes)) == "affiliation"
    assert later.person is None
    assert browser.person is None, "the session of the last login ended too"
    with pytest.raises(Http404):
        get_membership(alice, "law")
    assert authenticate(secret) is None


def test_second_factor_is_requested_and_checked(browser, rule):
    rule.require_mfa = True
    rule.save()
    browser.begin(rule)
    (asked,) = browser.request.iter(f"{{{forger.SAML}}}AuthnContextClassRef")
    assert asked.text == REFEDS_MFA
    response = browser.finish(forger.signed_assertion(browser.answer()))
    assert (code_of(response), browser.person) == ("mfa", None)
    browser.log_in(rule, context=REFEDS_MFA)
    assert browser.person


def test_disabled_person_is_refused(browser, rule, idp_a):
    browser.log_in(rule)
    User.objects.update(is_active=False)
    other = Browser(idp_a)
    other.log_in(rule)
    assert other.person is None


@pytest.mark.parametrize("when", ["before", "during"])
@pytest.mark.parametrize("what", ["idp", "gone", "rule"])
def test_switched_off_provider_is_refused(browser, rule, when, what):
    def switch_off():
        if what == "rule":
            LoginRule.objects.update(is_enabled=False)
        else:
            provider = rule.identity_provider
            provider.is_enabled, provider.gone_at = what != "idp", None
            if what == "gone":
                provider.gone_at = timezone.now()
            provider.save()

    if when == "during":
        browser.begin(rule)
        switch_off()
        response = browser.finish(forger.signed_assertion(browser.answer()))
    else:
        switch_off()
        response = browser.client.get(reverse("saml:login", args=[rule.identity_provider_id]))
    assert (code_of(response), browser.person) == ("idp_blocked", None)


def test_ended_session_is_logged_out(browser, rule):
    browser.log_in(rule)
    assert browser.person
    assert end_sessions(SamlSession.objects.filter(identity_provider=rule.identity_provider)) == 1
    assert browser.person is None


def test_idp_of_another_organisation_is_refused(browser, rule):
    OrganisationFactory(slug="univ-b")
    url = reverse("saml:login", args=[rule.identity_provider_id])
    response = browser.client.get(url, {"organisation": "univ-b"})
    assert code_of(response) == "idp_blocked"


def disable_organisation(rule):
    rule.organisation.is_enabled = False
    rule.organisation.save()


def test_disabled_organisation_refuses_logins(browser, rule):
    browser.begin(rule)
    disable_organisation(rule)
    response = browser.finish(forger.signed_assertion(browser.answer()))
    assert (code_of(response), browser.person) == ("idp_blocked", None)
    url = reverse("saml:login", args=[rule.identity_provider_id])
    assert code_of(browser.client.get(url)) == "idp_blocked"
    assert browser.client.get("/saml/").context["choices"] == []


def disable_rule(rule):
    LoginRule.objects.update(is_enabled=False)


def disable_idp(rule):
    IdentityProvider.objects.update(is_enabled=False)


def disable_person(_rule):
    User.objects.update(is_active=False)


@pytest.mark.parametrize(
    "disable", [disable_organisation, disable_rule, disable_idp, disable_person]
)
def test_disabling_ends_sessions(browser, rule, disable):
    browser.log_in(rule)
    assert end_sessions_of_disabled() == 0
    assert browser.person
    disable(rule)
    assert end_sessions_of_disabled() == 1
    assert browser.person is None
    assert browser.client.get("/").status_code == 302
