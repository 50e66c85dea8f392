"""The page where people choose their institution, and its search."""

import pytest
from django.urls import reverse

from accounts.models import LoginRule, SamlRequest
from accounts.saml.metadata.feeds import add_single_idp
from tests.accounts.saml.journey import Browser, code_of
from tests.factories import InstanceFactory


def test_login_page_offers_institutions_with_a_rule(client, provider, university):
    page = client.get(reverse("account_login"))
    assert "login-institution" not in page.content.decode()
    rule = LoginRule.objects.create(organisation=university, identity_provider=provider)
    assert 'href="/saml/"' in client.get(reverse("account_login")).content.decode()
    LoginRule.objects.filter(pk=rule.pk).update(is_enabled=False)
    assert "login-institution" not in client.get(reverse("account_login")).content.decode()


def test_instance_uses_its_own_rules_and_its_organisations(rule, university, client, idp_b):
    instance = InstanceFactory(organisation=university, slug="lab")
    row = add_single_idp(idp_b.metadata().encode())
    LoginRule.objects.create(organisation=university, instance=instance, identity_provider=row)
    names = lambda **query: [  # noqa: E731
        choice.name for choice in client.get("/saml/", query).context["choices"]
    ]
    assert names(instance="lab") == ["Université A", "Université B"]
    assert names(organisation="univ-a") == ["Université A"]
    assert names(organisation="nobody") == []
    assert names(next="/i/lab/documents/") == ["Université A", "Université B"]
    assert names(next="/i/other/") == ["Université A"]


def test_page_of_an_instance_uses_its_own_rule(university, rule, idp_b):
    instance = InstanceFactory(organisation=university, slug="lab")
    row = add_single_idp(idp_b.metadata().encode())
    own = LoginRule.objects.create(
        organisation=university, instance=instance, identity_provider=row, affiliations=[]
    )
    browser = Browser(idp_b)
    url = reverse("saml:login", args=[row.pk])
    assert code_of(browser.client.get(url)) == "idp_blocked"
    browser.client.get(url, {"next": "/i/lab/"})
    assert SamlRequest.objects.get().rule == own


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("universite a", 1),
        ("UNIVERSITÉ", 1),
        ("univ-a.example", 1),
        ("x@univ-a.example", 1),
        ("z", 0),
    ],
)
def test_discovery_search(rule, client, search, found):
    response = client.get("/saml/", {"q": search, "next": "/i/law/"})
    assert len(response.context["choices"]) == found
    if found:
        assert "next=%2Fi%2Flaw%2F" in response.content.decode()


def test_hidden_idps_are_not_offered(rule, client):
    rule.identity_provider.is_hidden = True
    rule.identity_provider.save()
    assert client.get("/saml/").context["choices"] == []


def test_last_choice_is_listed_first(browser, rule):
    browser.begin(rule)
    assert browser.client.get("/saml/").context["choices"][0].last
