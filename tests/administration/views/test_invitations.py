"""The invitations of an instance: created, sent, listed, revoked."""

import pytest
from django.core import mail
from django.urls import reverse

from instances.members.invitations import (
    find_invitation,
)
from instances.models import Invitation
from instances.tenancy import tenant
from tests.factories import InvitationFactory


def url(name, *args):
    return reverse(f"administration:{name}", args=["law", *args])


def test_link_is_shown_once(cast, client_for):
    owner = client_for(cast.owner)
    form = {"note": "Dr Curie", "role": "guest", "valid_days": "7", "access_until": "2099-01-01"}
    page = owner.post(url("invitation_create"), form)
    link = page.context["link"]
    assert link in page.text
    assert page["Cache-Control"] == "no-store"
    listed = owner.get(url("invitations"))
    assert "Dr Curie" in listed.text
    assert link.rstrip("/").rpartition("/")[2] not in listed.text
    invitation = page.context["invitation"]
    assert invitation.created_by == cast.owner
    owner.post(url("invitation_revoke", invitation.pk))
    assert find_invitation(link.rstrip("/").rpartition("/")[2]).state == "revoked"


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"role": "admin"}, "role"),
        ({"access_until": ""}, "access_until"),
        ({"access_until": "2020-01-01"}, "access_until"),
        ({"valid_days": "3650"}, "valid_days"),
        ({"note": ""}, "note"),
    ],
    ids=lambda value: str(value),
)
def test_invalid_invitation_is_refused(cast, client_for, change, wrong):
    form = {"note": "x", "role": "guest", "valid_days": "7", "access_until": "2099-01-01"}
    page = client_for(cast.owner).post(url("invitation_create"), form | change)
    assert page.context["form"].errors.keys() == {wrong}


def test_mailed_invitation_is_not_shown(cast, client_for, settings, caplog):
    settings.EMAIL_HOST = "mail.example.org"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    form = {"note": "x", "role": "member", "valid_days": "7", "email": "marie@example.org"}
    answer = client_for(cast.owner).post(url("invitation_create"), form)
    assert answer.url == url("invitations")
    [sent] = mail.outbox
    assert sent.to == ["marie@example.org"]
    token = sent.body.partition("/invitations/")[2].partition("/")[0]
    assert find_invitation(token).email == "marie@example.org"
    assert token not in caplog.text


def test_failed_mail_shows_the_link_and_removes_the_address(cast, client_for, settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    form = {"note": "x", "role": "member", "valid_days": "7", "email": "marie@example.org"}
    page = client_for(cast.owner).post(url("invitation_create"), form)
    assert f"data-text>{settings.SITE_URL}/invitations/" in page.text
    assert "marie@example.org" in page.text
    # Whoever copies the link has not shown that the address is theirs.
    with tenant(cast.instance):
        assert Invitation.objects.get().email == ""


@pytest.mark.parametrize(
    ("person", "status"), [("stranger", 404), ("teammate", 403), ("editor", 403), ("owner", 200)]
)
def test_only_administrators_see_invitations(cast, client_for, person, status):
    browser = client_for(getattr(cast, person))
    assert browser.get(url("invitations")).status_code == status
    assert browser.get(url("invitation_create")).status_code == status


def test_invitation_of_other_instance_is_not_found(cast, client_for):
    other = InvitationFactory(instance=cast.other_instance)
    assert client_for(cast.owner).post(url("invitation_revoke", other.pk)).status_code == 404
