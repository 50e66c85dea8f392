"""An IdP that asserts names of people at other universities gains none of their rights."""

from dataclasses import replace

import pytest
from django.urls import reverse

from accounts.models import LoginRule
from accounts.saml.metadata.feeds import add_single_idp
from instances.models import Identity, Membership, OrganisationAdministrator
from instances.tenancy import tenant
from tests.accounts.saml.journey import Browser, identity
from tests.adding_members import find_and_add, import_all, make_colleague
from tests.factories import (
    InstanceFactory,
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
)

RECTOR = "rector@univ-a.example"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
# Of the IdP's own scope, so that the login itself is in order.
GIVEN_NAME, SURNAME = "urn:oid:2.5.4.42", "urn:oid:2.5.4.4"
HOME_ORGANISATION = "urn:oid:1.3.6.1.4.1.25178.1.2.9"
STAFF = {"affiliation": ["staff@univ-b.example"]}


@pytest.fixture
def beta(db, idp_b):
    """The rule of another university, whose IdP is the attacker's."""
    return LoginRule.objects.create(
        organisation=OrganisationFactory(slug="univ-b"),
        identity_provider=add_single_idp(idp_b.metadata().encode()),
    )


@pytest.fixture
def attacker(idp_b, beta):
    """Somebody whose NameID is the address of a person elsewhere."""
    browser = Browser(idp_b)
    response = browser.log_in(beta, attributes=STAFF, name_id=RECTOR, name_id_format=PERSISTENT)
    assert response.status_code == 302
    assert identity(browser.person) == (RECTOR, idp_b.entity_id)
    return browser.person


@pytest.fixture
def alpha(university):
    """An instance of the university that is attacked, and its administrator."""
    instance = InstanceFactory(slug="law", organisation=university)
    MembershipFactory(instance=instance, role="admin", user=UserFactory(username="owner"))
    return instance


def members(instance):
    with tenant(instance):
        return set(
            Membership.objects.for_instance(instance).values_list("user__username", flat=True)
        )


def test_name_id_gives_no_user_name(attacker):
    assert "@" not in attacker.username
    assert "@" not in attacker.display_name


@pytest.mark.parametrize(
    "names",
    [
        {GIVEN_NAME: ["rector@univ-a.example"], SURNAME: ["x"]},
        {GIVEN_NAME: ["Rector"], SURNAME: ["rector\N{FULLWIDTH COMMERCIAL AT}univ-a.example"]},
        {"displayName": ["rector@univ-a.example"]},
    ],
    ids=["first name", "full-width at sign", "display name"],
)
def test_user_name_never_looks_like_an_address(idp_b, beta, names):
    browser = Browser(idp_b)
    attributes = STAFF | {"eppn": ["eve@univ-b.example"]} | names
    browser.log_in(beta, attributes=attributes)
    assert browser.person.username == "eve@univ-b.example"
    assert "univ-a" not in browser.person.display_name
    assert "univ-a" not in browser.person.get_full_name()


def test_long_identifier_is_not_truncated_to_another(idp_b, beta):
    """Its scope begins like another's: what is left of it would be of that scope."""
    scope = "univ-a.example.univ-b.example"
    wide = replace(idp_b, scopes=("univ-b.example", scope))
    add_single_idp(wide.metadata().encode())
    name = f"{'r' * (150 - len('@univ-a.example'))}@{scope}"
    browser = Browser(wide)
    browser.log_in(beta, attributes=STAFF | {"eppn": [name]})
    assert identity(browser.person)[0] == name
    assert "@" not in browser.person.username


@pytest.mark.parametrize("by", ["administrator", "operator"])
def test_attacker_is_not_added_instead_of_person(attacker, alpha, client_for, university, by):
    """Found by the address that is theirs, though it is nobody's user name."""
    rector = make_colleague(university, username="jdupont", email=RECTOR)
    owner = alpha_owner(alpha)
    owner.is_staff = by == "operator"
    owner.save()
    browser = client_for(owner)
    find_and_add(
        browser,
        reverse("administration:member_add", args=["law"]),
        {"identifier": RECTOR, "role": "admin"},
    )
    assert members(alpha) == {"owner", rector.username}


@pytest.mark.parametrize("by", ["administrator", "operator"])
def test_no_account_is_added_if_person_has_none(attacker, alpha, client_for, university, by):
    owner = alpha_owner(alpha)
    owner.is_staff = by == "operator"
    owner.save()
    OrganisationAdministrator.objects.create(organisation=university, user=owner)
    browser = client_for(owner)
    form = {"identifier": RECTOR, "role": "member"}
    paths = [
        reverse("administration:member_add", args=["law"]),
        reverse("administration:managed_member_add", args=[university.slug, "law"]),
        reverse("administration:organisation_administrators", args=[university.slug]),
    ]
    if by == "operator":
        paths.append(reverse("administration:operators"))
    for path in paths:
        page = find_and_add(browser, path, form)
        assert page.context["choice"].found is None
    import_all(browser, reverse("administration:member_import", args=["law"]), RECTOR)
    assert members(alpha) == {"owner"}
    assert list(university.administrators.values_list("user", flat=True)) == [owner.pk]
    attacker.refresh_from_db()
    assert not attacker.is_staff


def test_former_account_of_same_name_is_distinguished(attacker, alpha, client_for, university):
    """A name that an earlier version gave, and an address: two fit, so nobody is added."""
    type(attacker).objects.filter(pk=attacker.pk).update(username=RECTOR)
    make_colleague(university, username="jdupont", email=RECTOR)
    owner = alpha_owner(alpha)
    owner.is_staff = True
    owner.save()
    page = find_and_add(
        client_for(owner),
        reverse("administration:member_add", args=["law"]),
        {"identifier": RECTOR, "role": "admin"},
    )
    assert page.context["form"].errors.keys() == {"identifier"}
    assert members(alpha) == {"owner"}


def test_operator_can_distinguish_accounts_of_same_name(attacker, alpha, client_for):
    """Organisation, service and address of an account of another university."""
    owner = alpha_owner(alpha)
    owner.is_staff = True
    owner.save()
    page = client_for(owner).post(
        reverse("administration:member_add", args=["law"]),
        {"identifier": attacker.username, "role": "member"},
    )
    found = page.context["choice"].found
    organisation = Identity.objects.get(user=attacker).organisation_ids
    assert found.pk == attacker.pk
    assert found.organisations == (beta_name(organisation),)
    assert "https://idp-b.example/idp" in found.logins[0]
    assert "https://idp-b.example/idp" in page.text
    assert members(alpha) == {"owner"}


@pytest.mark.parametrize(
    "required",
    [
        {"eduPersonPrincipalName": [RECTOR]},
        {"eduPersonScopedAffiliation": ["staff@univ-a.example"]},
        {"schacHomeOrganization": ["univ-a.example"]},
    ],
    ids=["principal name", "affiliation", "home organisation"],
)
def test_scoped_value_outside_the_scopes_meets_no_rule(idp_b, beta, required):
    LoginRule.objects.update(required=required)
    said = {
        "eduPersonPrincipalName": {"eppn": [RECTOR]},
        "eduPersonScopedAffiliation": {
            "affiliation": ["staff@univ-b.example", "staff@univ-a.example"]
        },
        "schacHomeOrganization": {HOME_ORGANISATION: ["univ-a.example"]},
    }[next(iter(required))]
    attributes = STAFF | {"subject-id": ["eve@univ-b.example"]} | said
    browser = Browser(idp_b)
    browser.log_in(beta, attributes=attributes)
    assert browser.person is None
    assert not Identity.objects.exists()


def alpha_owner(instance):
    with tenant(instance):
        return Membership.objects.get(instance=instance, role="admin").user


def beta_name(organisation_ids):
    (number,) = organisation_ids
    return type(LoginRule.objects.get().organisation).objects.get(pk=number).name
