"""Erasure of a person: all their data in all instances, and no other data."""

import json
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.users.erasure import StillResponsible, erase_person, references, rows_of
from chat.models import Conversation, Message
from ingestion.models import Document
from instances import audit
from instances.access.api_keys import authenticate, create_api_key
from instances.across_instances import call_function
from instances.models import ApiKey, AuditEntry, Identity, Invitation, Membership
from instances.tenancy import overseeing, tenant
from people.models import User
from tests import factories
from tests.all_factories import FACTORIES
from tests.usage.factories import UsageRecordFactory
from usage.models import UsageRecord


@pytest.fixture
def person(cast) -> User:
    """The teammate, who left traces in two instances and is a member of one of them only."""
    teammate = cast.teammate
    for instance in (cast.instance, cast.other_instance):
        conversation = factories.ConversationFactory(instance=instance, user=teammate)
        question = factories.MessageFactory(instance=instance, conversation=conversation)
        answer = factories.MessageFactory(
            instance=instance, conversation=conversation, parent=question, role="assistant"
        )
        factories.CitationFactory(instance=instance, message=answer)
        factories.FeedbackFactory(instance=instance, message=answer, user=teammate)
        factories.DocumentFactory(instance=instance, uploaded_by=teammate)
        key = factories.ApiKeyFactory(instance=instance, created_by=teammate)
        UsageRecordFactory(instance=instance, user=teammate, api_key=key, energy_wh=0.25)
        factories.InvitationFactory(instance=instance, created_by=teammate)
        factories.InvitationFactory(instance=instance, accepted_by=teammate)
    factories.IdentityFactory(user=teammate)
    return teammate


def test_every_column_that_refers_to_a_person_is_searched(cast):
    columns = [(reference.model, reference.field) for reference in references()]
    assert len(columns) >= 8
    for model, field in columns:
        somebody = factories.UserFactory()
        FACTORIES[model](instance=cast.other_instance, **{field: somebody})
        assert call_function("instances_of_person", somebody.pk) == [(cast.other_instance.pk,)], (
            f"{model._meta.label}.{field} is missing from instances_of_person"
        )


def test_conversations_and_rights_are_erased(cast, person):
    counts = erase_person(person)
    assert counts == {
        "chat.Conversation.user": 2,
        "chat.Feedback.user": 2,
        "ingestion.Document.uploaded_by": 2,
        "instances.ApiKey.created_by": 2,
        "instances.Invitation.accepted_by": 2,
        "instances.Invitation.created_by": 2,
        "instances.Membership.user": 1,
        "usage.UsageRecord.user": 2,
    }
    assert not User.objects.filter(username="teammate").exists()
    assert not Identity.objects.exists()
    for instance in (cast.instance, cast.other_instance):
        with tenant(instance):
            for model in (Conversation, Message, ApiKey):
                assert model.objects.count() == 0, model


def test_documents_and_usage_are_kept_without_the_name(cast, person):
    pseudonym = person.pseudonym
    erase_person(person)
    for instance in (cast.instance, cast.other_instance):
        with tenant(instance):
            assert set(Document.objects.values_list("uploaded_by", flat=True)) == {None}
            record = UsageRecord.objects.get()
            # People can still be counted, and not found.
            assert (record.user, record.pseudonym) == (None, pseudonym)
            assert record.energy_wh == 0.25
            assert Invitation.objects.filter(created_by=None, accepted_by=None).count() == 2


def test_rows_of_others_are_kept(cast, person):
    with tenant(cast.instance):
        mine = factories.ConversationFactory(instance=cast.instance, user=cast.owner)
    erase_person(person)
    assert rows_of(cast.owner) == {
        "chat.Conversation.user": 1,
        "instances.Membership.user": 1,
    }
    with tenant(cast.instance):
        assert Conversation.objects.get() == mine
        assert Membership.objects.count() == 2


def test_keys_and_sessions_end(cast, person, client_for):
    _key, plaintext = create_api_key(
        instance=cast.instance, name="Script", scope="chat", created_by=person
    )
    theirs, mine = client_for(person), client_for(cast.owner)
    home = reverse("administration:home")
    assert theirs.get(home).status_code == 200
    erase_person(person)
    assert authenticate(plaintext) is None
    assert theirs.get(home).status_code == 302
    assert mine.get(home).status_code == 200
    assert Session.objects.count() == 1


def test_audit_log_keeps_the_name(cast, person):
    with audit.acting_as(audit.Origin(user=person)):
        audit.record(audit.Action.MEMBER_ADDED, instance=cast.instance, target="somebody")
    erase_person(person)
    with overseeing():
        assert AuditEntry.objects.get(action="member.added").actor_name == "teammate (teammate)"
        assert AuditEntry.objects.get(action="user.erased").target == "teammate (teammate)"


@pytest.mark.django_db(transaction=True)
def test_account_with_remaining_rows_cannot_be_deleted(person):
    """Row security hides rows from the deletion, not from the foreign keys."""
    with pytest.raises(IntegrityError), transaction.atomic():
        person.delete()
    assert User.objects.filter(username="teammate").exists()


class TestLastAdministrator:
    def test_last_administrator_cannot_be_erased(self, cast):
        with pytest.raises(StillResponsible) as refused:
            erase_person(cast.owner)
        assert refused.value.instances == [cast.instance]
        assert User.objects.filter(pk=cast.owner.pk).exists()

    def test_administrator_can_be_erased_when_another_remains(self, cast):
        factories.MembershipFactory(
            instance=cast.instance, user=cast.stranger, role=Membership.Role.ADMIN
        )
        erase_person(cast.owner)
        assert not User.objects.filter(username="owner").exists()

    @pytest.mark.parametrize(
        ("is_active", "expires_in"), [(False, None), (True, timedelta(days=-1))]
    )
    def test_disabled_administrator_does_not_count_as_successor(self, cast, is_active, expires_in):
        factories.MembershipFactory(
            instance=cast.instance,
            user=factories.UserFactory(is_active=is_active),
            role=Membership.Role.ADMIN,
            expires_at=expires_in and timezone.now() + expires_in,
        )
        with pytest.raises(StillResponsible):
            erase_person(cast.owner)

    def test_administrator_of_a_deleted_instance_can_be_erased(self, cast):
        cast.instance.status = "deleting"
        cast.instance.save()
        erase_person(cast.owner)

    def test_last_operator_cannot_be_erased(self, db):
        operator = factories.UserFactory(is_staff=True)
        with pytest.raises(StillResponsible) as refused:
            erase_person(operator)
        assert refused.value.last_operator
        factories.UserFactory(is_staff=True)
        erase_person(operator)


class TestCommand:
    def test_command_lists_rows_then_erases(self, cast, person, capsys):
        call_command("eraseperson", "teammate")
        would_go = json.loads(capsys.readouterr().out)
        assert User.objects.filter(pk=person.pk).exists()
        call_command("eraseperson", "teammate", "--yes")
        assert json.loads(capsys.readouterr().out) == would_go
        assert rows_of(person) == {}

    def test_command_lists_instances_without_successor(self, cast):
        with pytest.raises(CommandError, match="instance law"):
            call_command("eraseperson", "owner", "--yes")

    def test_unknown_person_is_an_error(self, db):
        with pytest.raises(CommandError, match="no person nobody"):
            call_command("eraseperson", "nobody")


class TestAdministration:
    @pytest.fixture
    def operator(self, client, db):
        client.force_login(factories.UserFactory(is_staff=True, is_superuser=True))
        return client

    def test_deletion_of_account_erases_person(self, operator, cast, person):
        page = reverse("admin:people_user_delete", args=[person.pk])
        assert operator.post(page, {"post": "yes"}).status_code == 302
        assert call_function("instances_of_person", person.pk) == []
        assert not User.objects.filter(pk=person.pk).exists()

    def test_deletion_of_several_accounts_erases_each(self, operator, cast, person):
        form = {
            "action": "delete_selected",
            "_selected_action": [person.pk, cast.editor.pk],
            "post": "yes",
        }
        operator.post(reverse("admin:people_user_changelist"), form)
        assert set(User.objects.values_list("username", flat=True)) >= {"owner", "stranger"}
        assert not User.objects.filter(pk__in=[person.pk, cast.editor.pk]).exists()

    def test_last_administrator_is_kept_with_reason(self, operator, cast):
        page = reverse("admin:people_user_delete", args=[cast.owner.pk])
        assert "Faculté de droit" in operator.get(page).text
        operator.post(page, {"post": "yes"})
        assert User.objects.filter(pk=cast.owner.pk).exists()


def test_rows_of_person_are_found_by_index(db):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for reference in references():
            table, column = (
                reference.model._meta.db_table,
                reference.model._meta.get_field(reference.field).column,
            )
            cursor.execute(f"EXPLAIN SELECT instance_id FROM {table} WHERE {column} = 1")  # noqa: S608
            assert "Index Cond" in "\n".join(row[0] for row in cursor.fetchall()), table
