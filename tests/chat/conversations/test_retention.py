"""Conversations that are deleted after the days for which their instance keeps them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chat.models import Conversation
from chat.tasks import delete_expired_conversations
from ingestion.models import Document
from instances.models import AuditEntry, Instance, Organisation
from instances.tenancy import tenant
from tests.factories import ConversationFactory, DocumentFactory, MessageFactory


def unused_for(days, **fields):
    """A conversation that was last used so many days ago."""
    conversation = ConversationFactory(**fields)
    MessageFactory(instance=conversation.instance, conversation=conversation)
    with tenant(conversation.instance):
        used = timezone.now() - timedelta(days=days)
        Conversation.objects.filter(pk=conversation.pk).update(updated_at=used)
    return conversation


def kept(instance):
    with tenant(instance):
        return set(Conversation.objects.values_list("title", flat=True))


@pytest.mark.parametrize(
    ("organisation_days", "instance_days", "left"),
    [
        pytest.param(None, None, {"yesterday", "in spring", "last year"}, id="no limit"),
        pytest.param(90, None, {"yesterday"}, id="of the organisation"),
        pytest.param(None, 300, {"yesterday", "in spring"}, id="of the instance"),
        pytest.param(300, 90, {"yesterday"}, id="the instance is shorter"),
        # The organisation shortened its own after the instance had chosen.
        pytest.param(90, 300, {"yesterday"}, id="the organisation is shorter"),
    ],
)
def test_unused_conversations_are_deleted(cast, organisation_days, instance_days, left):
    Organisation.objects.update(conversation_days=organisation_days)
    Instance.objects.filter(pk=cast.instance.pk).update(conversation_days=instance_days)
    for title, days in (("yesterday", 1), ("in spring", 200), ("last year", 400)):
        unused_for(days, instance=cast.instance, user=cast.teammate, title=title)
    delete_expired_conversations()
    assert kept(cast.instance) == left


def test_other_instances_keep_theirs(cast):
    Instance.objects.filter(pk=cast.instance.pk).update(conversation_days=30)
    unused_for(400, instance=cast.other_instance, user=cast.stranger, title="elsewhere")
    delete_expired_conversations()
    assert kept(cast.other_instance) == {"elsewhere"}


def test_attachments_are_deleted_with_their_conversation(cast, django_capture_on_commit_callbacks):
    Instance.objects.filter(pk=cast.instance.pk).update(conversation_days=30)
    conversation = unused_for(31, instance=cast.instance, user=cast.teammate)
    attached = DocumentFactory(instance=cast.instance, conversation=conversation)
    with django_capture_on_commit_callbacks(execute=True):
        delete_expired_conversations()
    with tenant(cast.instance):
        assert not Document.with_attachments.filter(pk=attached.pk).exists()
    assert not attached.file.storage.exists(attached.file.name)


def test_deletion_is_in_the_audit_log_once(cast):
    Instance.objects.filter(pk=cast.instance.pk).update(conversation_days=30)
    unused_for(31, instance=cast.instance, user=cast.teammate)
    unused_for(32, instance=cast.instance, user=cast.owner)
    delete_expired_conversations()
    delete_expired_conversations()
    with tenant(cast.instance):
        entry = AuditEntry.objects.get(action="conversations.expired")
    assert entry.detail == {"conversations": 2, "days": 30}


def test_members_read_how_long_their_conversations_are_kept(cast, client_for):
    Instance.objects.filter(pk=cast.instance.pk).update(conversation_days=30)
    client = client_for(cast.teammate)
    for path in ("/i/law/", "/i/law/conversations/all/"):
        assert "deleted 30 days after its last use" in client.get(path).text
