"""Operators change login rules; administrators of an organisation read theirs."""

import pytest

from accounts.models import IdentityProvider, LoginRule, MetadataFeed
from tests.accounts.views.consoles.conftest import actions, url
from tests.factories import InstanceFactory, OrganisationAdministratorFactory


@pytest.fixture
def provider(db):
    return IdentityProvider.objects.create(
        entity_id="https://idp.univ-a.example/idp",
        names={"fr": "Université A", "en": "University A"},
        search_text="universite a univ-a.example",
        scopes=["univ-a.example"],
        sso_url="https://idp.univ-a.example/sso",
    )


def test_operator_adds_changes_disables_and_removes_rule(console, cast, provider):
    organisation = cast.instance.organisation
    page = console.get(url("login_rules")).text
    assert "Nobody can log in through an institution yet" in page
    choice = {"organisation": organisation.slug}
    found = console.get(url("login_rule_add"), choice | {"q": "UNIV-A"})
    assert list(found.context["found"]) == [provider]

    chosen = choice | {"identity_provider": provider.pk}
    form = console.get(url("login_rule_add"), chosen).context["form"]
    assert form["affiliations"].value() == ["employee", "faculty", "researcher", "staff"]
    entries = {
        "affiliations": ["staff", "member"],
        "allowed_scopes": "@Univ-A.example, lab.univ-a.example",
        "required": "eduPersonEntitlement = urn:x:a\neduPersonEntitlement=urn:x:b\n",
        "require_mfa": "on",
        "instance": cast.instance.pk,
    }
    console.post(url("login_rule_add"), chosen | entries)
    rule = LoginRule.objects.get()
    assert (rule.organisation, rule.identity_provider) == (organisation, provider)
    assert rule.affiliations == ["staff", "member"]
    assert rule.allowed_scopes == ["lab.univ-a.example", "univ-a.example"]
    assert rule.required == {"eduPersonEntitlement": ["urn:x:a", "urn:x:b"]}
    assert (rule.require_mfa, rule.instance, rule.is_enabled) == (True, cast.instance, True)
    assert "University A" in console.get(url("login_rules")).text

    change = url("login_rule", rule.pk)
    form = console.get(change).context["form"]
    assert form["required"].value().splitlines()[0] == "eduPersonEntitlement = urn:x:a"
    console.post(change, {"affiliations": ["staff"], "allowed_scopes": "", "required": ""})
    console.post(url("login_rule_switch", rule.pk), {"is_enabled": "no"})
    rule.refresh_from_db()
    assert (rule.affiliations, rule.required, rule.instance) == (["staff"], {}, None)
    assert not rule.is_enabled
    console.post(url("login_rule_remove", rule.pk))
    assert not LoginRule.objects.exists()
    assert actions() == ["login_rule.changed"] * 4


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"required": "no equals sign"}, "required"),
        ({"required": "= value"}, "required"),
        ({"affiliations": ["king"]}, "affiliations"),
        ({"instance": "elsewhere"}, "instance"),
    ],
    ids=["no equals sign", "no name", "affiliation", "instance"],
)
def test_invalid_rule_is_refused(console, cast, provider, entry, field):
    if "instance" in entry:
        entry = {"instance": InstanceFactory().pk}
    chosen = {"organisation": cast.instance.organisation.slug, "identity_provider": provider.pk}
    answer = console.post(url("login_rule_add"), chosen | entry)
    assert answer.context["form"].errors.keys() == {field}
    feed = MetadataFeed.objects.create(name="Renater", url="https://feed.example/")
    assert console.post(url("login_rule_add"), chosen | {"feed": feed.pk}).status_code == 302
    assert not LoginRule.objects.exists()


def test_domains_from_metadata_are_shown_as_text(console, cast, provider):
    IdentityProvider.objects.filter(pk=provider.pk).update(scopes=["<b>univ-a.example"])
    chosen = {"organisation": cast.instance.organisation.slug, "identity_provider": provider.pk}
    page = console.get(url("login_rule_add"), chosen).text
    assert "&lt;b&gt;univ-a.example" in page
    assert "<b>univ-a.example" not in page


def test_organisation_administrator_reads_own_rules_only(cast, client_for, provider):
    organisation = cast.instance.organisation
    administrator = OrganisationAdministratorFactory(organisation=organisation).user
    browser = client_for(administrator)
    page = url("organisation_login_rules", organisation.slug)
    assert "Nobody can log in through your institution yet" in browser.get(page).text
    mine = LoginRule.objects.create(organisation=organisation, identity_provider=provider)
    LoginRule.objects.create(
        organisation=cast.other_instance.organisation, identity_provider=provider
    )
    answer = browser.get(page)
    assert list(answer.context["rules"]) == [mine]
    assert url("login_rule_switch", mine.pk) not in answer.text
    for person in (cast.owner, cast.teammate, cast.stranger):
        assert client_for(person).get(page).status_code == 404
    for path in (url("login_rules"), url("login_rule", mine.pk)):
        for person in (administrator, cast.stranger):
            assert client_for(person).get(path).status_code == 404
