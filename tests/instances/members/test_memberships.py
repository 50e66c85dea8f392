"""Memberships: import, end dates, roles, management by the organisation."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chat.models import Conversation
from ingestion.models import Document
from instances.access.api_keys import authenticate, create_api_key
from instances.errors import LastAdministrator
from instances.members import memberships
from instances.members.importing import add_members, look_up, read_lines
from instances.models import AuditEntry, Membership
from instances.tasks import end_memberships
from instances.tenancy import administering, tenant
from tests.adding_members import make_colleague
from tests.factories import (
    AccessRuleFactory,
    ConversationFactory,
    DocumentFactory,
    IdentityFactory,
    InvitationFactory,
    MembershipFactory,
    UserFactory,
)

YESTERDAY = timezone.now() - timedelta(days=1)


def roles(instance) -> dict[str, str]:
    with tenant(instance):
        return dict(Membership.objects.for_instance(instance).values_list("user__username", "role"))


def test_import_reports_each_line(cast):
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


def test_memberships_end_at_their_date(cast, client_for):
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


def test_ended_membership_continues_by_rule(cast):
    AccessRuleFactory(instance=cast.instance, role="editor")
    person = MembershipFactory(instance=cast.instance, role="guest", expires_at=YESTERDAY).user
    IdentityFactory(user=person, organisation_ids=[cast.instance.organisation_id])
    end_memberships()
    assert roles(cast.instance)[person.username] == "editor"


def test_demotion_to_guest_revokes_keys(cast):
    _key, plaintext = create_api_key(
        instance=cast.instance, name="x", scope="chat", created_by=cast.editor
    )
    with tenant(cast.instance):
        membership = Membership.objects.select_related("instance", "user").get(user=cast.editor)
        memberships.change_role(membership=membership, role="guest")
    assert authenticate(plaintext) is None


@pytest.mark.parametrize("end", ["removed", "made editor"])
def test_invitations_of_former_administrator_are_revoked(cast, end):
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


def test_organisation_administrator_manages_members_without_content(cast):
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


@pytest.mark.parametrize(
    ("search", "found"),
    [("LOVE", True), ("ada love", True), ("lovelace ada@", True), ("%", False), ("zuse", False)],
)
def test_members_are_found_by_part_of_a_name(cast, search, found):
    person = UserFactory(
        first_name="Ada", last_name="Lovelace", username="al", email="ada@example.org"
    )
    MembershipFactory(instance=cast.instance, user=person)
    with tenant(cast.instance):
        assert memberships.members_of(cast.instance, search).exists() == found
