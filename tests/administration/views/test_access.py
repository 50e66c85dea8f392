"""Settings: access rules and the second factor."""

import pytest
from django.urls import reverse

from instances.access.gates import get_membership
from instances.models import AccessRule, AuditEntry, Membership
from instances.tenancy import tenant
from tests.factories import AccessRuleFactory, IdentityFactory, OrganisationFactory, UserFactory

STAFF = {"audience": "organisation", "affiliations": ["staff"], "role": "member"}


def url(name, *args):
    return reverse(f"administration:{name}", args=["law", *args])


@pytest.fixture
def owner(cast, client_for):
    return client_for(cast.owner)


@pytest.fixture
def entered(cast):
    """A member of staff who entered by a rule, and that rule."""
    rule = AccessRuleFactory(instance=cast.instance, affiliations=["staff"])
    person = UserFactory(first_name="Marie", last_name="Curie")
    IdentityFactory(user=person, organisation_ids=[cast.instance.organisation_id])
    get_membership(person, "law")
    return person, rule


def is_in(cast, person) -> bool:
    with tenant(cast.instance):
        return Membership.objects.for_instance(cast.instance).filter(user=person).exists()


def test_added_rule_is_shown_as_a_sentence(cast, owner):
    organisation = cast.instance.organisation
    person = UserFactory()
    IdentityFactory(user=person, organisation_ids=[organisation.pk], affiliations=["faculty"])
    form = {"audience": "organisation", "affiliations": ["staff", "faculty"], "role": "editor"}
    assert owner.post(url("rule_add"), form).url == url("access")
    page = owner.get(url("access"))
    assert f"Staff and teaching staff of {organisation.name} enter as editors." in page.text
    assert "Fits 1 person" in page.text
    with tenant(cast.instance):
        assert AuditEntry.objects.get(action="rule.added").detail["role"] == "editor"
    assert get_membership(person, "law").role == "editor"


def test_new_rule_defaults_to_staff_affiliations(cast, owner):
    form = owner.get(url("rule_add")).context["form"]
    assert set(form["affiliations"].value()) == {"staff", "employee", "faculty", "researcher"}
    assert form["audience"].value() == "organisation"
    assert "admin" not in dict(form.fields["role"].choices)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"audience": "edugain"}, "Staff of any institution in eduGAIN enter as members."),
        (
            {"audience": "federation", "federation": "https://f.example/"},
            "Staff of the federation https://f.example/ enter as members.",
        ),
        ({"affiliations": []}, "All people of"),
        ({"scopes": "@Univ-X.fr, univ-y.fr"}, "Domain: univ-x.fr or univ-y.fr"),
        ({"attribute": "isMemberOf", "values": "a\n b \n"}, "isMemberOf: a or b"),
    ],
    ids=["eduGAIN", "federation", "anybody", "scopes", "group"],
)
def test_each_audience_has_a_sentence(cast, owner, fields, said):
    owner.post(url("rule_add"), STAFF | fields)
    assert said in owner.get(url("access")).text


def test_rule_admits_chosen_organisations(cast, owner):
    chosen = OrganisationFactory(name="Université de Lyon")
    form = STAFF | {"audience": "organisations", "organisation_ids": [chosen.pk]}
    owner.post(url("rule_add"), form)
    assert "Staff of Université de Lyon enter as members." in owner.get(url("access")).text
    with tenant(cast.instance):
        assert AccessRule.objects.get().organisation_ids == [chosen.pk]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"role": "admin"}, "role"),
        ({"audience": "organisations"}, "organisation_ids"),
        ({"audience": "organisations", "organisation_ids": [10**6]}, "organisation_ids"),
        ({"audience": "federation"}, "federation"),
        ({"audience": "everybody"}, "audience"),
        ({"affiliations": ["king"]}, "affiliations"),
        ({"attribute": "isMemberOf"}, "values"),
        ({"values": "x"}, "attribute"),
    ],
    ids=str,
)
def test_invalid_rule_is_refused_with_a_reason(cast, owner, fields, wrong):
    page = owner.post(url("rule_add"), STAFF | fields)
    assert wrong in page.context["form"].errors
    with tenant(cast.instance):
        assert not AccessRule.objects.exists()


@pytest.mark.parametrize("change", ["edit", "switch", "remove"])
def test_change_that_removes_members_needs_confirmation(cast, owner, entered, change):
    person, rule = entered
    form = STAFF | {"affiliations": ["faculty"]} if change == "edit" else {}
    page = owner.post(url(f"rule_{change}", rule.pk), form)
    assert page.context["count"] == 1
    assert "Marie Curie" in page.text
    assert is_in(cast, person)
    with tenant(cast.instance):
        rule.refresh_from_db()
        assert (rule.is_enabled, rule.affiliations) == (True, ["staff"])
    sent = dict.fromkeys(name for name, _value in page.context["sent"])
    for name in sent:
        sent[name] = [value for other, value in page.context["sent"] if other == name]
    owner.post(url(f"rule_{change}", rule.pk), sent | {"confirmed": "1"})
    assert not is_in(cast, person)


def test_change_that_removes_nobody_needs_no_confirmation(cast, owner, entered):
    person, rule = entered
    owner.post(url("rule_edit", rule.pk), STAFF | {"affiliations": []})
    assert is_in(cast, person)
    with tenant(cast.instance):
        rule.refresh_from_db()
    assert rule.affiliations == []


def test_rule_is_disabled_and_enabled(cast, owner):
    rule = AccessRuleFactory(instance=cast.instance)
    for expected in (False, True):
        owner.post(url("rule_switch", rule.pk))
        with tenant(cast.instance):
            rule.refresh_from_db()
        assert rule.is_enabled is expected


def test_second_factor_requirement_is_saved(cast, owner):
    owner.post(url("access_second_factor"), {"second_factor": "admins"})
    cast.instance.refresh_from_db()
    assert cast.instance.second_factor == "admins"
    with tenant(cast.instance):
        assert AuditEntry.objects.get(action="instance.changed").detail
    assert "second" in owner.get(url("access")).url


def test_rule_of_other_instance_is_not_found(cast, owner):
    other = AccessRuleFactory(instance=cast.other_instance)
    for name in ("rule_edit", "rule_switch", "rule_remove"):
        assert owner.post(url(name, other.pk)).status_code == 404


@pytest.mark.parametrize(
    ("person", "status"), [("stranger", 404), ("teammate", 403), ("editor", 403)]
)
@pytest.mark.parametrize("page", ["access", "rule_add"])
def test_only_administrators_manage_rules(cast, client_for, person, status, page):
    browser = client_for(getattr(cast, person))
    assert browser.get(url(page)).status_code == status
