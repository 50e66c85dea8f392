"""Managers cannot grant rights to accounts that they could log in to."""

import pytest
from django.http import Http404
from django.test import Client
from django.urls import reverse

from accounts.users.takeover import record_issued_password
from instances.access.gates import get_membership
from instances.account_control import confirm_independence, people_behind
from instances.errors import ControlledAccount, OwnRights, PersonalInstance
from instances.members.memberships import create_local_member
from instances.models import AuditEntry, Instance, OrganisationAdministrator
from instances.tenancy import overseeing, tenant
from people.models import User
from tests.adding_members import find_and_add
from tests.factories import (
    DocumentFactory,
    IdentityFactory,
    InstanceFactory,
    MembershipFactory,
    OrganisationAdministratorFactory,
    UserFactory,
)

SECRET = "Licenciement de M. Untel"
NEW_PASSWORD = "a password that the dean knows"


@pytest.fixture
def organisation(cast):
    return cast.instance.organisation


@pytest.fixture
def dean(organisation):
    """Who administers the organisation, and a group of their own in it."""
    person = UserFactory(username="dean")
    OrganisationAdministratorFactory(organisation=organisation, user=person)
    own = InstanceFactory(organisation=organisation, slug="own", owner=person)
    MembershipFactory(instance=own, user=person, role="admin")
    return person


@pytest.fixture
def document(cast):
    return DocumentFactory(instance=cast.instance, name=f"{SECRET}.txt", content=SECRET.encode())


def created(cast, dean, browser):
    """An account that the dean creates in an instance of theirs, and logs in to."""
    form = {"first_name": "P", "last_name": "Q", "username": "puppet", "role": "admin"}
    page = browser.post(reverse("administration:member_create", args=["own"]), form)
    puppet = Client()
    puppet.post("/accounts/login/", {"login": "puppet", "password": page.context["password"]})
    change = {"oldpassword": page.context["password"]}
    change |= {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    puppet.post(reverse("account_change_password"), change)
    return User.objects.get(username="puppet"), NEW_PASSWORD


def invite(browser, client, username):
    """An account made with the link of an invitation to the instance ``own``."""
    form = {"note": "x", "role": "guest", "valid_days": "7", "access_until": "2099-01-01"}
    page = browser.post(reverse("administration:invitation_create", args=["own"]), form)
    account = page.context["link"].partition("/invitations/")[2].strip("/")
    names = {"first_name": "P", "last_name": "Q", "username": username}
    passwords = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    client.post(reverse("invitation_account", args=[account]), names | passwords)
    return User.objects.get(username=username), NEW_PASSWORD


def invited(cast, dean, browser):
    """An account that the dean makes with an invitation of their own."""
    return invite(browser, Client(), "puppet")


def invited_by_a_created_one(cast, dean, browser):
    """An account that an account of the dean's has invited."""
    first, password = created(cast, dean, browser)
    second = Client()
    second.post("/accounts/login/", {"login": first.username, "password": password})
    return invite(second, Client(), "second")


def given_a_password(cast, dean, browser):
    """An account whose password the dean has set, as an operator."""
    person = UserFactory(username="puppet")
    User.objects.filter(pk=dean.pk).update(is_staff=True, is_superuser=True)
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}
    browser.post(reverse("admin:auth_user_password_change", args=[person.pk]), form)
    User.objects.filter(pk=dean.pk).update(is_staff=False, is_superuser=False)
    return person, NEW_PASSWORD


def found_by_the_dean(way):
    """The way to an account that is one of the organisation's people, so that its pages find it."""

    def found(cast, dean, browser):
        account, password = way(cast, dean, browser)
        IdentityFactory(user=account, organisation_ids=[cast.instance.organisation_id])
        return account, password

    found.__name__ = way.__name__
    return found


WAYS = [
    found_by_the_dean(way) for way in (created, invited, invited_by_a_created_one, given_a_password)
]
by_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)


def add(organisation, browser, account):
    """Name the account, and confirm that it is the one meant."""
    page = reverse("administration:managed_member_add", args=[organisation.slug, "law"])
    form = {"identifier": account.username, "role": "admin"}
    return find_and_add(browser, page, form)


def opens_the_document(account, password, document):
    """Whether whoever knows the password reads the document, in a browser."""
    client = Client()
    client.post("/accounts/login/", {"login": account.username, "password": password})
    assert client.session["_auth_user_id"] == str(account.pk)
    return SECRET in client.get(f"/i/law/documents/{document.pk}/", follow=True).text


@by_way
def test_controlled_account_cannot_be_added_by_controller(
    cast, organisation, dean, document, client_for, way
):
    browser = client_for(dean)
    account, password = way(cast, dean, browser)
    assert dean.pk in people_behind(account)
    page = add(organisation, browser, account)
    assert page.context["member_form"].errors.keys() == {"identifier"}
    with pytest.raises(Http404):
        get_membership(account, "law")
    assert not opens_the_document(account, password, document)


@by_way
@pytest.mark.parametrize("act", ["managed_member_role", "managed_transfer"])
def test_role_of_controlled_account_cannot_be_raised_by_controller(
    cast, organisation, dean, client_for, way, act
):
    browser = client_for(dean)
    account, _password = way(cast, dean, browser)
    member = MembershipFactory(instance=cast.instance, user=account, role="guest")
    arguments = [organisation.slug, "law"]
    if act == "managed_member_role":
        browser.post(
            reverse(f"administration:{act}", args=[*arguments, member.pk]), {"role": "member"}
        )
    else:
        browser.post(reverse(f"administration:{act}", args=arguments), {"member": member.pk})
    assert get_membership(account, "law").role == "guest"
    assert Instance.objects.get(slug="law").owner is None


@by_way
@pytest.mark.parametrize("level", ["organisation", "site"])
def test_controlled_account_cannot_become_administrator(
    cast, organisation, dean, client_for, way, level
):
    browser = client_for(dean)
    account, _password = way(cast, dean, browser)
    if level == "organisation":
        page = reverse("administration:organisation_administrators", args=[organisation.slug])
    else:
        User.objects.filter(pk=dean.pk).update(is_staff=True)
        page = reverse("administration:operators")
    refused = find_and_add(browser, page, {"identifier": account.username})
    assert refused.context["form"].errors.keys() == {"identifier"}
    assert not OrganisationAdministrator.objects.filter(user=account).exists()
    account.refresh_from_db()
    assert not account.is_staff


def test_controlled_account_cannot_grant_rights_to_controller(cast, organisation, dean, client_for):
    """Nor to another account of the same controller."""
    browser = client_for(dean)
    account, _password = created(cast, dean, browser)
    other, _password = invite(browser, Client(), "other")
    OrganisationAdministratorFactory(organisation=organisation, user=account)
    IdentityFactory(user=other, organisation_ids=[organisation.pk])
    for person in (dean, other):
        add(organisation, client_for(account), person)
        with pytest.raises(Http404):
            get_membership(person, "law")


def test_second_person_grants_rights_and_is_audited(cast, organisation, dean, client_for):
    account, _password = created(cast, dean, client_for(dean))
    second = UserFactory(username="second-dean")
    OrganisationAdministratorFactory(organisation=organisation, user=second)
    assert add(organisation, client_for(second), account).status_code == 302
    assert get_membership(account, "law").role == "admin"
    with overseeing():
        entry = AuditEntry.objects.get(action="member.added", instance_id=cast.instance.pk)
        made = AuditEntry.objects.get(action="user.created")
    assert (entry.actor_id, made.actor_id) == (second.pk, dean.pk)


def test_confirmation_by_second_person_ends_control(cast, organisation, dean, client_for):
    browser = client_for(dean)
    account, _password = created(cast, dean, browser)
    with pytest.raises(ControlledAccount):
        confirm_independence(account, by=dean)
    with pytest.raises(OwnRights):
        confirm_independence(account, by=account)
    puppet_operator = UserFactory(is_staff=True)
    record_issued_password(puppet_operator, by=dean)
    with pytest.raises(ControlledAccount):
        confirm_independence(account, by=puppet_operator)
    confirm_independence(account, by=UserFactory(username="operator", is_staff=True))
    assert add(organisation, browser, account).status_code == 302
    with overseeing():
        assert AuditEntry.objects.filter(action="account.confirmed").count() == 1


def test_personal_instance_cannot_create_accounts(cast, organisation, dean, client_for):
    Instance.objects.filter(slug="own").update(kind="personal")
    browser = client_for(dean)
    people = User.objects.count()
    form = {"first_name": "P", "last_name": "Q", "username": "puppet", "role": "admin"}
    create = reverse("administration:member_create", args=["own"])
    assert create not in browser.get(reverse("administration:members", args=["own"])).text
    assert browser.post(create, form).status_code == 404
    with pytest.raises(User.DoesNotExist):
        invite(browser, Client(), "puppet")
    own = Instance.objects.get(slug="own")
    with tenant(own), pytest.raises(PersonalInstance):
        create_local_member(
            instance=own,
            username="puppet",
            email="",
            first_name="P",
            last_name="Q",
            role="member",
            created_by=dean,
        )
    assert User.objects.count() == people


def test_invitation_to_personal_instance_needs_existing_account(
    cast, organisation, dean, client_for
):
    Instance.objects.filter(slug="own").update(kind="personal")
    form = {"note": "x", "role": "guest", "valid_days": "7", "access_until": "2099-01-01"}
    page = client_for(dean).post(reverse("administration:invitation_create", args=["own"]), form)
    path = "/invitations/" + page.context["link"].partition("/invitations/")[2]
    assert "account/" not in Client().get(path).text
    assert client_for(cast.teammate).post(path).url == "/i/own/"
    assert get_membership(cast.teammate, "own").role == "guest"


def test_invitation_does_not_control_existing_account(cast, dean, client_for):
    assert people_behind(cast.teammate) == {cast.teammate.pk}
    form = {"note": "x", "role": "guest", "valid_days": "7", "access_until": "2099-01-01"}
    page = client_for(dean).post(reverse("administration:invitation_create", args=["own"]), form)
    client_for(cast.teammate).post(
        "/invitations/" + page.context["link"].partition("/invitations/")[2]
    )
    assert people_behind(cast.teammate) == {cast.teammate.pk}
