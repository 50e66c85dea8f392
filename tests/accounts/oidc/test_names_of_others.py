"""A provider that asserts names and scopes of other universities gains no rights."""

import pytest
from django.urls import reverse

from accounts.models import LoginRule
from instances.access.gates import get_membership
from instances.models import Identity, Membership
from instances.tenancy import tenant
from tests.adding_members import find_and_add, make_colleague
from tests.factories import AccessRuleFactory, OrganisationFactory

RECTOR = "rector@alpha.example"


@pytest.mark.parametrize(
    "claims",
    [
        {"preferred_username": RECTOR},
        {"preferred_username": "rector\N{FULLWIDTH COMMERCIAL AT}alpha.example"},
        {"preferred_username": "rector\N{SMALL COMMERCIAL AT}alpha.example"},
        {"eduperson_principal_name": RECTOR},
        {"eduperson_unique_id": RECTOR, "preferred_username": RECTOR},
        {"subject-id": RECTOR},
        {"given_name": RECTOR, "family_name": RECTOR},
        {"email": RECTOR, "email_verified": True},
    ],
    ids=[
        "preferred_username",
        "full-width at sign",
        "small at sign",
        "principal name",
        "unique id",
        "subject-id",
        "names",
        "email",
    ],
)
@pytest.mark.parametrize("allowed", [[], ["beta.example"]], ids=["no scope bound", "another bound"])
def test_unbound_scope_gives_no_user_name(browser, rule, issuer, cast, client_for, claims, allowed):
    LoginRule.objects.update(allowed_scopes=allowed)
    own = {"eduperson_scoped_affiliation": ["staff@beta.example"]}
    issuer.userinfo = own | claims
    browser.log_in()
    attacker = browser.person
    assert attacker is not None
    assert "@" not in attacker.username
    assert "@" not in attacker.display_name
    cast.owner.is_staff = True
    cast.owner.save()
    rector = make_colleague(cast.instance.organisation, username="jdupont", email=RECTOR)
    find_and_add(
        client_for(cast.owner),
        reverse("administration:member_add", args=["law"]),
        {"identifier": RECTOR, "role": "admin"},
    )
    with tenant(cast.instance):
        administrators = Membership.objects.filter(role="admin").values_list("user", flat=True)
        assert set(administrators) == {cast.owner.pk, rector.pk}
        assert not Membership.objects.filter(user=attacker).exists()


def test_bound_scope_gives_the_user_name(browser, rule, issuer):
    LoginRule.objects.update(allowed_scopes=["univ-a.example"])
    issuer.userinfo = {"eduperson_principal_name": "Zoe@univ-a.example", "preferred_username": "z"}
    browser.log_in()
    assert browser.person.username == "zoe@univ-a.example"
    assert Identity.objects.get().scopes == ["univ-a.example"]


@pytest.mark.parametrize("audience", ["scopes", "principal name", "affiliation"])
def test_unbound_scope_grants_no_membership(browser, rule, issuer, cast, client_for, audience):
    """The claims say alpha.example; the operator bound no scope to the provider."""
    organisation = cast.instance.organisation
    LoginRule.objects.update(organisation=organisation)
    narrowed = {
        "scopes": {"scopes": ["alpha.example"]},
        "principal name": {"required": {"eduPersonPrincipalName": [RECTOR]}},
        "affiliation": {"affiliations": ["staff"]},
    }[audience]
    AccessRuleFactory(instance=cast.instance, **narrowed)
    issuer.userinfo = {
        "eduperson_principal_name": RECTOR,
        "eduperson_scoped_affiliation": ["staff@alpha.example"],
    }
    browser.log_in()
    said = Identity.objects.get()
    assert (said.user, said.organisation_ids) == (browser.person, [organisation.pk])
    assert (said.scopes, said.affiliations) == ([], [])
    assert RECTOR not in str(said.attributes)
    assert browser.client.get("/i/law/").status_code == 404
    with tenant(cast.instance):
        assert not Membership.objects.filter(user=browser.person).exists()


def test_scope_bound_to_another_provider_is_ignored(browser, rule, issuer, app):
    other = type(app).objects.create(
        provider="openid_connect", provider_id="other", name="Alpha", client_id="x"
    )
    LoginRule.objects.create(
        organisation=OrganisationFactory(), oidc_provider=other, allowed_scopes=["alpha.example"]
    )
    issuer.userinfo = {"eduperson_principal_name": RECTOR}
    browser.log_in()
    assert Identity.objects.get().scopes == []
    assert "@" not in browser.person.username


def test_scope_of_another_rule_of_the_provider_is_accepted(browser, rule, issuer, cast):
    """Bound to the provider, it counts under a rule of it that names none."""
    LoginRule.objects.create(
        organisation=OrganisationFactory(),
        oidc_provider=rule.oidc_provider,
        allowed_scopes=["alpha.example"],
        affiliations=[],
    )
    issuer.userinfo = {
        "eduperson_scoped_affiliation": ["staff@alpha.example", "staff@evil.example"]
    }
    LoginRule.objects.filter(pk=rule.pk).update(organisation=cast.instance.organisation)
    AccessRuleFactory(instance=cast.instance, scopes=["alpha.example"], affiliations=["staff"])
    browser.log_in()
    assert Identity.objects.get().scopes == ["alpha.example"]
    assert get_membership(browser.person, "law").role == "member"
