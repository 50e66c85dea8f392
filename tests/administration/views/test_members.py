"""Settings: members."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from instances.access.api_keys import authenticate, create_api_key
from instances.access.gates import get_membership
from instances.errors import MemberNotFound
from instances.members import listing
from instances.members.lookup import find_person
from instances.models import Instance, Membership
from instances.tenancy import tenant
from people.models import User
from tests.adding_members import find_and_add, make_colleague
from tests.factories import (
    AccessRuleFactory,
    InvitationFactory,
    MembershipFactory,
    UserFactory,
)

YESTERDAY = timezone.now() - timedelta(days=1)


def url(name, *args):
    return reverse(f"administration:{name}", args=["law", *args])


def membership_of(cast, person):
    with tenant(cast.instance):
        return Membership.objects.filter(instance=cast.instance, user=person).first()


@pytest.fixture
def owner(cast, client_for):
    return client_for(cast.owner)


@pytest.mark.parametrize("identifier", ["newcomer", "newcomer@example.org", "Newcomer@Example.org"])
def test_member_is_added_by_user_name_or_address(cast, owner, identifier):
    newcomer = make_colleague(cast.instance.organisation, username="newcomer")
    find_and_add(owner, url("member_add"), {"identifier": identifier, "role": "editor"})
    assert get_membership(newcomer, "law").role == "editor"


def test_address_of_two_accounts_is_ambiguous(cast, owner):
    for _number in range(2):
        make_colleague(cast.instance.organisation, email="shared@example.org", password=None)
    page = owner.post(url("member_add"), {"identifier": "shared@example.org", "role": "member"})
    assert page.context["form"].errors.keys() == {"identifier"}


@pytest.mark.parametrize("identifier", ["nobody", "teammate", ""])
def test_refused_member_is_shown_a_reason(cast, owner, identifier):
    form = {"identifier": identifier, "role": "member"}
    page = find_and_add(owner, url("member_add"), form)
    assert page.context["form"].errors.keys() == {"identifier"}
    assert membership_of(cast, cast.teammate).role == "member"


def test_created_account_shows_its_password_once(cast, owner, client):
    form = {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "username": "ada",
        "email": "ada@example.org",
        "role": "member",
    }
    page = owner.post(url("member_create"), form)
    password = page.context["password"]
    assert f"data-text>{password}<" in page.text
    assert page["Cache-Control"] == "no-store"
    assert User.objects.get(username="ada").must_change_password
    assert (
        client.post("/accounts/login/", {"login": "ada", "password": password}).status_code == 302
    )
    assert client.get("/i/law/").url == reverse("account_change_password")
    again = owner.post(url("member_create"), form)
    assert again.context["form"].errors.keys() == {"username"}


WAYS = ("member_add", "invitation_create", "member_import", "member_create")


@pytest.mark.parametrize("way", WAYS)
def test_each_way_to_add_members_leads_to_the_others(owner, way):
    page = owner.get(url(way)).text
    assert [f'href="{url(other)}"' in page for other in WAYS] == [True] * 4


def test_administrator_changes_role(cast, owner):
    member = membership_of(cast, cast.teammate)
    owner.post(url("member_role", member.pk), {"role": "admin"})
    assert get_membership(cast.teammate, "law").may_administer


def test_removing_a_member_revokes_their_keys(cast, owner):
    _key, plaintext = create_api_key(
        instance=cast.instance, name="script", scope="chat", created_by=cast.editor
    )
    owner.post(url("member_remove", membership_of(cast, cast.editor).pk))
    assert membership_of(cast, cast.editor) is None
    assert authenticate(plaintext) is None


@pytest.mark.parametrize(
    ("action", "data"), [("member_remove", {}), ("member_role", {"role": "member"})]
)
def test_last_administrator_cannot_be_removed(cast, owner, action, data):
    mine = membership_of(cast, cast.owner)
    owner.post(url(action, mine.pk), data)
    assert get_membership(cast.owner, "law").may_administer


def test_removed_member_is_redirected_to_home(cast, owner):
    MembershipFactory(instance=cast.instance, role="admin")
    answer = owner.post(url("member_remove", membership_of(cast, cast.owner).pk))
    assert answer.url == "/"


def test_member_of_other_instance_is_not_found(cast, owner):
    with tenant(cast.other_instance):
        other = Membership.objects.get(instance=cast.other_instance)
    assert owner.post(url("member_remove", other.pk)).status_code == 404


@pytest.mark.parametrize("person", ["editor", "teammate"])
def test_only_administrators_can_change_members(cast, client_for, person):
    member = membership_of(cast, cast.teammate)
    browser = client_for(getattr(cast, person))
    assert browser.post(url("member_role", member.pk), {"role": "admin"}).status_code == 403


def test_members_are_searched_and_paginated(cast, owner, django_assert_max_num_queries):
    for number in range(60):
        person = UserFactory(username=f"student{number:02}")
        MembershipFactory(instance=cast.instance, user=person)
    with django_assert_max_num_queries(30):
        page = owner.get(url("members"), {"page": 2})
    assert page.context["page"].paginator.num_pages == 2
    found = owner.get(url("members"), {"q": "student0"}).context["page"]
    assert found.paginator.count == 10


def test_created_account_is_not_found_by_its_address(owner, cast):
    """Whoever may create accounts could otherwise be added, and appointed, in another's place."""
    form = {"first_name": "Eve", "last_name": "Doe", "username": "eve", "role": "member"}
    refused = owner.post(url("member_create"), form | {"username": "dean@univ-a.example"})
    assert refused.context["form"].errors.keys() == {"username"}
    owner.post(url("member_create"), form | {"email": "dean@univ-a.example"})
    assert find_person("eve", among=None).email == "dean@univ-a.example"
    with pytest.raises(MemberNotFound):
        find_person("dean@univ-a.example", among=None)


@pytest.mark.parametrize("act", ["member_remove", "member_role", "member_end"])
def test_administrator_cannot_remove_the_owner(cast, owner, client_for, act):
    """Nobody owns an instance whose owner is removed: the next administrator could take it."""
    Instance.objects.filter(slug="law").update(owner=cast.owner, kind="personal")
    guest = MembershipFactory(instance=cast.instance, role="admin").user
    owners = membership_of(cast, cast.owner)
    form = {"role": "member", "expires_at": "2099-01-01"}
    client_for(guest).post(url(act, owners.pk), form)
    left = membership_of(cast, cast.owner)
    assert (left.role, left.expires_at) == ("admin", None)
    assert Instance.objects.get(slug="law").owner == cast.owner
    owner.post(url(act, owners.pk), form)
    left = membership_of(cast, cast.owner)
    assert left is None or (left.role, left.expires_at) != ("admin", None)


def test_end_of_membership_is_set_and_cleared(cast, client_for):
    owner = client_for(cast.owner)
    with tenant(cast.instance):
        member = Membership.objects.get(user=cast.teammate)
        mine = Membership.objects.get(user=cast.owner)
    owner.post(url("member_end", member.pk), {"expires_at": "2099-06-30"})
    with tenant(cast.instance):
        member.refresh_from_db()
    assert timezone.localdate(member.expires_at).isoformat() == "2099-06-30"
    owner.post(url("member_end", member.pk), {"expires_at": ""})
    with tenant(cast.instance):
        member.refresh_from_db()
    assert member.expires_at is None
    refused = owner.post(url("member_end", mine.pk), {"expires_at": "2099-06-30"})
    assert refused.context["form"].errors.keys() == {"expires_at"}


def test_list_shows_how_members_joined(cast, client_for):
    rule = AccessRuleFactory(instance=cast.instance)
    by_rule = MembershipFactory(instance=cast.instance, rule=rule)
    invited = MembershipFactory(instance=cast.instance, expires_at=YESTERDAY)
    InvitationFactory(instance=cast.instance, accepted_by=invited.user, accepted_at=timezone.now())
    page = client_for(cast.owner).get(url("members"))
    shown = {member.pk: member for member in page.context["page"]}
    assert shown[by_rule.pk].rule_id == rule.pk
    assert shown[invited.pk].was_invited
    assert shown[invited.pk].has_ended
    for words in ("by a rule", "invited", "added", "ended"):
        assert words in page.text


def test_long_list_is_paginated_by_identifier(cast, client_for, monkeypatch):
    monkeypatch.setattr(listing, "SORTED_AT_MOST", 5)
    monkeypatch.setattr(listing, "PER_PAGE", 4)
    come = [MembershipFactory(instance=cast.instance).pk for _ in range(6)]
    owner = client_for(cast.owner)
    first = owner.get(url("members"))
    assert [member.pk for member in first.context["listing"].members] == come[:1:-1]
    assert "too many people" in first.text
    older = owner.get(url("members"), {"before": first.context["listing"].before})
    assert [member.pk for member in older.context["listing"].members][:2] == come[1::-1]
    last = owner.get(url("members"), {"before": older.context["listing"].before})
    assert len(last.context["listing"].members) == 1
    assert last.context["listing"].before is None
    found = owner.get(url("members"), {"q": "teammate"}).context["listing"]
    assert [member.user for member in found.members] == [cast.teammate]
    assert owner.get(url("members"), {"before": "x"}).status_code == 200


@pytest.mark.parametrize(("person", "status"), [("stranger", 404), ("teammate", 403)])
@pytest.mark.parametrize("page", ["member_import", "members"])
def test_only_administrators_open_member_pages(cast, client_for, person, status, page):
    assert client_for(getattr(cast, person)).get(url(page)).status_code == status
