"""Invitations: created and revoked by administrators, accepted once by one person."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core import mail
from django.db import DatabaseError, connection
from django.utils import timezone

from accounts.users.activation import disable_account
from instances.access.gates import get_membership
from instances.errors import AlreadyMember, InvitationClosed
from instances.members.invitations import (
    accept,
    create_invitation,
    find_invitation,
    revoke,
    send_invitation,
)
from instances.models import AuditEntry, Invitation, Membership
from instances.tenancy import tenant
from tests.factories import InvitationFactory, MembershipFactory, UserFactory

SOON = timezone.now() + timedelta(days=7)


LATER = timezone.now() + timedelta(days=180)


def invite(cast, **fields) -> tuple[Invitation, str]:
    given = {"role": "guest", "expires_at": SOON, "membership_expires_at": LATER}
    with tenant(cast.instance):
        return create_invitation(instance=cast.instance, created_by=cast.owner, **(given | fields))


def test_invitation_is_accepted_once(cast):
    invitation, token = invite(cast)
    assert token not in invitation.digest
    newcomer = UserFactory()
    membership = accept(find_invitation(token), user=newcomer)
    assert (membership.role, membership.expires_at) == ("guest", LATER)
    with pytest.raises(InvitationClosed, match="accepted"):
        accept(invitation, user=UserFactory())
    with tenant(cast.instance):
        kinds = set(AuditEntry.objects.values_list("action", flat=True))
    assert kinds >= {"invitation.created", "invitation.accepted"}


@pytest.mark.parametrize("state", ["expired", "revoked"])
def test_closed_invitation_is_refused(cast, state):
    invitation, _token = invite(
        cast, expires_at=SOON if state == "revoked" else timezone.now() - timedelta(seconds=1)
    )
    if state == "revoked":
        with tenant(cast.instance):
            revoke(invitation)
    with pytest.raises(InvitationClosed, match=state):
        accept(invitation, user=UserFactory())


@pytest.mark.parametrize("token", ["", "x", "rag_nothing", "é" * 500])
def test_unknown_token_is_not_found(db, token):
    assert find_invitation(token) is None


@pytest.mark.parametrize(
    ("held", "offered", "becomes"),
    [
        ({"role": "editor"}, {"role": "guest"}, None),
        ({"role": "member"}, {"role": "editor"}, None),  # It would end one day.
        ({"role": "member"}, {"role": "editor", "membership_expires_at": None}, "editor"),
        ({"role": "guest", "expires_at": SOON}, {"role": "guest"}, "guest"),
        ({"role": "editor", "expires_at": "2020-01-01T00:00Z"}, {"role": "guest"}, "guest"),
    ],
    ids=["less", "more but shorter", "more", "longer", "had ended"],
)
def test_member_accepts_only_an_invitation_that_extends_rights(cast, held, offered, becomes):
    membership = MembershipFactory(instance=cast.instance, **held)
    invitation, _token = invite(cast, **offered)
    if becomes is None:
        with pytest.raises(AlreadyMember):
            accept(invitation, user=membership.user)
        with tenant(cast.instance):
            assert Invitation.objects.get().state == "open"
    else:
        assert accept(invitation, user=membership.user).role == becomes


@pytest.mark.parametrize(
    "fields", [{"role": "admin"}, {"role": "guest", "membership_expires_at": None}]
)
def test_invitation_refuses_administrator_and_endless_guest(cast, fields):
    with pytest.raises(ValueError, match="no administrator"):
        invite(cast, **fields)


def test_the_database_refuses_an_administrator_by_invitation(cast):
    with pytest.raises(DatabaseError, match="no_administrator_by_invitation"):
        InvitationFactory(instance=cast.instance, role="admin")


@pytest.mark.django_db(transaction=True)
def test_concurrent_acceptance_admits_one_person(cast):
    invitation, _token = invite(cast)
    people = [UserFactory() for _ in range(4)]
    together = Barrier(len(people))

    def try_it(person):
        try:
            together.wait()
            accept(invitation, user=person)
        except InvitationClosed:
            return 0
        finally:
            connection.close()
        return 1

    with ThreadPoolExecutor(len(people)) as threads:
        assert sum(threads.map(try_it, people)) == 1
    with tenant(cast.instance):
        assert Membership.objects.filter(user__in=people).count() == 1


def test_accepted_invitation_creates_membership(cast):
    invitation, _token = invite(cast, role="member", membership_expires_at=None)
    newcomer = UserFactory()
    accept(invitation, user=newcomer)
    assert get_membership(newcomer, "law").role == "member"


def test_invitation_of_deactivated_person_is_revoked(cast):
    _invitation, token = invite(cast)
    disable_account(cast.owner)
    assert find_invitation(token).state == "revoked"
    with pytest.raises(InvitationClosed, match="revoked"):
        accept(find_invitation(token), user=UserFactory())


def test_instance_name_cannot_inject_mail_headers(cast):
    cast.instance.name = "Law\rBcc: victim@example.org"
    invitation, _token = invite(cast, email="marie@example.org")
    send_invitation(invitation, "https://rag.example/invitations/x/")
    [sent] = mail.outbox
    assert "Law Bcc: victim@example.org" in sent.subject
    assert sent.recipients() == ["marie@example.org"]
