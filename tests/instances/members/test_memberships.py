"""Members: imported by the hundred, ended in time, managed from above; all of it on record."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from chat.models import Conversation
from ingestion.models import Document
from instances.access.api_keys import authenticate, create_api_key
from instances.errors import LastAdministrator
from instances.members import listing, memberships
from instances.members.importing import add_members, look_up, read_lines
from instances.models import AuditEntry, Membership
from instances.tasks import end_memberships
from instances.tenancy import administering, tenant
from tests.factories import (
    AccessRuleFactory,
    ConversationFactory,
    DocumentFactory,
    IdentityFactory,
    InvitationFactory,
    MembershipFactory,
    UserFactory,
)
from tests.people import import_all, make_colleague

YESTERDAY = timezone.now() - timedelta(days=1)


def url(name, *args):
    return reverse(f"administration:{name}", args=["law", *args])


def roles(instance) -> dict[str, str]:
    with tenant(instance):
        return dict(Membership.objects.for_instance(instance).values_list("user__username", "role"))


def test_an_import_tells_of_each_line(cast):
    organisation = cast.instance.organisation
    for name in ("ada", "bob", "carol"):
        make_colleague(organisation, username=name)
    for _number in range(2):
        make_colleague(organisation, email="shared@example.org", password=None)
    UserFactory(username="elsewhere")
    text = (
        "identifier,role\nADA,editor\n\nBOB@example.org\ncarol,king\nnobody\n"
        "shared@example.org\nteammate,admin\nada\nelsewhere\n"
    )
    with tenant(cast.instance):
        report = look_up(cast.instance, read_lines(text), among=organisation)
        confirmed = [line.person.pk for line in report if line.outcome == "found"]
        report = add_members(cast.instance, report, confirmed=confirmed)
        assert AuditEntry.objects.filter(action="member.added").count() == 2
        searched = AuditEntry.objects.get(action="people.searched")
    assert [(line.number, line.outcome) for line in report] == [
        (2, "added"),
        (4, "added"),
        (5, "no_such_role"),
        (6, "not_found"),
        (7, "ambiguous"),
        (8, "already"),
        (9, "repeated"),
        (10, "not_found"),
    ]
    found = roles(cast.instance)
    assert (found["ada"], found["bob"], found["teammate"]) == ("editor", "member", "member")
    assert searched.detail == {"asked": 8, "found": 6}


def test_an_import_from_a_french_spreadsheet(cast):
    [line] = read_lines('identifier;role\n"ada"; guest\n')
    assert (line.number, line.identifier, line.role) == (2, "ada", "guest")


def test_an_import_of_many_takes_as_many_queries_as_one_of_few(cast, client_for):
    counts = []
    for start, number in ((0, 2), (2, 120)):
        names = [f"p{n}" for n in range(start, start + number)]
        for name in names:
            make_colleague(cast.instance.organisation, username=name)
        owner = client_for(cast.owner)
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            page = import_all(owner, url("member_import"), "\n".join(names))
        assert page.context["added_count"] == number
        counts.append(len(queries))
    # The statistics of the members' use are written once in ten minutes.
    assert counts[1] <= counts[0]


def test_the_page_of_the_import(cast, client_for):
    ada = make_colleague(cast.instance.organisation, username="ada", first_name="Augusta")
    owner = client_for(cast.owner)
    assert owner.get(url("member_import")).status_code == 200
    asked = owner.post(url("member_import"), {"people": "ada\nnobody\n"})
    assert "Augusta" in asked.text
    assert "ada" not in roles(cast.instance)
    unticked = {"people": "ada", "confirmed": "1", "person": [cast.stranger.pk]}
    assert owner.post(url("member_import"), unticked).context["added_count"] == 0
    confirmed = {"people": "ada\nnobody\n", "confirmed": "1", "person": [ada.pk]}
    page = owner.post(url("member_import"), confirmed)
    assert page.context["added_count"] == 1
    assert "nobody" in page.text
    cache.clear()
    assert owner.post(url("member_import"), {"people": " "}).context["form"].errors


def test_members_are_ended_in_time(cast, client_for):
    person = MembershipFactory(instance=cast.instance, role="guest", expires_at=YESTERDAY).user
    kept = MembershipFactory(
        instance=cast.instance, expires_at=timezone.now() + timedelta(days=1)
    ).user
    assert client_for(person).get("/i/law/").status_code == 404
    end_memberships()
    found = roles(cast.instance)
    assert person.username not in found
    assert kept.username in found
    with tenant(cast.instance):
        assert AuditEntry.objects.get(action="member.lost").detail == {"reason": "time"}


def test_whom_a_rule_lets_in_stays_when_their_time_is_up(cast):
    AccessRuleFactory(instance=cast.instance, role="editor")
    person = MembershipFactory(instance=cast.instance, role="guest", expires_at=YESTERDAY).user
    IdentityFactory(user=person, organisation_ids=[cast.instance.organisation_id])
    end_memberships()
    assert roles(cast.instance)[person.username] == "editor"


def test_an_end_is_given_and_taken_away(cast, client_for):
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


def test_a_member_made_a_guest_loses_the_keys(cast):
    _key, plaintext = create_api_key(
        instance=cast.instance, name="x", scope="chat", created_by=cast.editor
    )
    with tenant(cast.instance):
        membership = Membership.objects.select_related("instance", "user").get(user=cast.editor)
        memberships.change_role(membership=membership, role="guest")
    assert authenticate(plaintext) is None


@pytest.mark.parametrize("end", ["removed", "made editor"])
def test_who_administers_no_longer_leaves_no_way_back(cast, end):
    administrator = MembershipFactory(instance=cast.instance, role="admin")
    theirs = InvitationFactory(instance=cast.instance, created_by=administrator.user)
    other = InvitationFactory(instance=cast.instance, created_by=cast.owner)
    with tenant(cast.instance):
        if end == "removed":
            memberships.remove_member(administrator)
        else:
            memberships.change_role(membership=administrator, role="editor")
        theirs.refresh_from_db()
        other.refresh_from_db()
    assert (theirs.state, other.state) == ("revoked", "open")


def test_the_organisation_manages_members_without_reading(cast):
    """Every function works for the organisation's administrators, who see no content."""
    DocumentFactory(instance=cast.instance)
    ConversationFactory(instance=cast.instance, user=cast.teammate)
    newcomer = UserFactory()
    with administering(cast.instance.organisation):
        membership = memberships.join(cast.instance, newcomer, "member")
        memberships.change_role(membership=membership, role="guest")
        memberships.change_end(membership=membership, expires_at=timezone.now())
        memberships.remove_member(membership)
        local, password = memberships.create_local_member(
            instance=cast.instance,
            username="ada",
            email="",
            first_name="Ada",
            last_name="Lovelace",
            role="editor",
            created_by=cast.owner,
        )
        assert password
        assert memberships.members_of(cast.instance, "love").get() == local
        with pytest.raises(LastAdministrator):
            memberships.remove_member(memberships.members_of(cast.instance).get(user=cast.owner))
        assert Document.objects.count() == 0
        assert Conversation.objects.count() == 0
        actions = list(AuditEntry.objects.values_list("action", flat=True))
    assert sorted(set(actions)) == [
        "member.added",
        "member.changed",
        "member.removed",
        "user.created",
    ]


def test_the_list_says_how_people_entered(cast, client_for):
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


def test_a_long_list_goes_on_from_page_to_page(cast, client_for, monkeypatch):
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


@pytest.mark.parametrize(
    ("search", "found"),
    [("LOVE", True), ("ada love", True), ("lovelace ada@", True), ("%", False), ("zuse", False)],
)
def test_people_are_found_by_any_part_of_their_names(cast, search, found):
    person = UserFactory(
        first_name="Ada", last_name="Lovelace", username="al", email="ada@example.org"
    )
    MembershipFactory(instance=cast.instance, user=person)
    with tenant(cast.instance):
        assert memberships.members_of(cast.instance, search).exists() == found


@pytest.mark.parametrize(("person", "status"), [("stranger", 404), ("teammate", 403)])
@pytest.mark.parametrize("page", ["member_import", "members"])
def test_who_manages_members(cast, client_for, person, status, page):
    assert client_for(getattr(cast, person)).get(url(page)).status_code == status
