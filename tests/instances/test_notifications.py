"""Notifications by mail: recipients, language, installation without a mail server."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from administration import instance_requests
from administration.lifecycle import disuse, status
from administration.lifecycle.deletion import delete_instance
from instances import notifications
from instances.models import Instance, InstanceRequest
from instances.tasks import send_notice
from tests.factories import (
    IdentityFactory,
    MembershipFactory,
    OrganisationAdministratorFactory,
    UserFactory,
)


@pytest.fixture(autouse=True)
def mail_server(settings):
    settings.EMAIL_HOST = "mail.example.org"
    settings.SITE_URL = "https://rag.example.org"


@pytest.fixture
def organisation(cast):
    return cast.instance.organisation


@pytest.fixture
def asked(cast, organisation):
    IdentityFactory(user=cast.teammate, organisation_ids=[organisation.pk])
    return instance_requests.request_instance(
        user=cast.teammate,
        organisation=organisation,
        name="L’histoire & <b>nous</b>",
        purpose="Questions.",
        expected_members=3,
        sensitivity="internal",
        language="fr",
    )


def about(kind, cast, asked):
    """What a mail of this kind is about, ready for it."""
    if kind == "request_pending":
        return asked
    if kind == "request_decided":
        instance_requests.approve(asked, by=cast.owner)
        return asked
    if kind == "deleted":
        status.request_deletion(cast.instance, by=cast.owner)
        return delete_instance(cast.instance)
    if kind == "deletion_requested":
        status.request_deletion(cast.instance, by=cast.owner)
    return cast.instance


@pytest.mark.parametrize("kind", sorted(set(notifications.SUBJECTS) - {"account_controlled"}))
@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_mail_has_a_subject_a_text_and_a_link(cast, asked, kind, language):
    cast.owner.language = language
    cast.owner.save()
    send_notice(kind, about(kind, cast, asked).pk, cast.owner.pk)
    [message] = mail.outbox
    assert message.to == [cast.owner.email]
    assert "\n" not in message.subject
    assert asked.name in message.subject or "Faculté de droit" in message.subject
    assert "https://rag.example.org/" in message.body
    assert "{" not in message.body


def test_a_refusal_is_sent_with_its_answer(cast, asked):
    instance_requests.refuse(asked, by=cast.owner, answer="Use l’espace <commun>.")
    send_notice("request_decided", asked.pk, cast.teammate.pk)
    assert "Use l’espace <commun>." in mail.outbox[0].body


def test_notice_about_deleted_object_is_not_sent(cast, asked):
    InstanceRequest.objects.all().delete()
    send_notice("request_pending", asked.pk, cast.owner.pk)
    send_notice("disuse", cast.instance.pk, 0)
    assert mail.outbox == []


def test_operators_approve_where_organisation_has_no_administrator(organisation):
    operator = UserFactory(is_staff=True)
    assert list(notifications.approvers_of(organisation)) == [operator]
    manager = OrganisationAdministratorFactory(organisation=organisation).user
    OrganisationAdministratorFactory(organisation=organisation, user__email="")
    OrganisationAdministratorFactory(organisation=organisation, user__is_active=False)
    assert list(notifications.approvers_of(organisation)) == [manager]


def test_notice_goes_to_address_asserted_by_institution(asked, organisation):
    dean = OrganisationAdministratorFactory(
        organisation=organisation, user__email="", user__institution_email="dean@univ-a.example"
    ).user
    assert dean in notifications.approvers_of(organisation)
    send_notice("request_pending", asked.pk, dean.pk)
    assert mail.outbox[0].to == ["dean@univ-a.example"]


def test_owners_and_administrators_are_notified_of_disuse(cast, django_capture_on_commit_callbacks):
    founder = UserFactory()
    MembershipFactory(instance=cast.instance, role="admin")
    now = timezone.now()
    Instance.objects.filter(slug="law").update(
        owner=founder, last_used_at=now - timedelta(days=400)
    )
    with django_capture_on_commit_callbacks() as sent:
        disuse.give_notice(cast.instance.pk, now)
    assert len(sent) == 3


def test_without_a_mail_server_nothing_is_sent(
    cast, asked, settings, django_capture_on_commit_callbacks
):
    settings.EMAIL_HOST = ""
    with django_capture_on_commit_callbacks() as sent:
        instance_requests.approve(asked, by=cast.owner)
        status.request_deletion(cast.instance, by=cast.owner)
    assert sent == []
