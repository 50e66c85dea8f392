"""Delete the conversations that were not used for as long as their instance keeps them, and
temporary ones whose time is over.

Each in a transaction of its own, so that little is locked and an interrupted deletion goes on where
it ended.
"""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from chat.conversations.turns import delete
from chat.models import Conversation
from instances import audit
from instances.across_instances import call_function
from instances.models import Instance
from instances.tenancy import tenant


def instances_with_retention() -> QuerySet[Instance]:
    """Return the instances that keep conversations for a limited time."""
    limited = Q(conversation_days__isnull=False) | Q(organisation__conversation_days__isnull=False)
    instances = Instance.objects.select_related("organisation").filter(limited)
    return instances.exclude(status=Instance.Status.DELETING)


def delete_expired(instance: Instance, now: datetime) -> int:
    """Delete the expired conversations of an instance, which the audit log tells; return how many.

    Figures of usage remain.
    """
    days = instance.days_conversations_are_kept
    if days is None:
        return 0
    unused_since = now - timedelta(days=days)
    with tenant(instance):
        expired = Conversation.objects.for_instance(instance).filter(updated_at__lt=unused_since)
    deleted = _delete_each(instance.pk, expired)
    if deleted:
        audit.record(
            audit.Action.CONVERSATIONS_EXPIRED, instance=instance, conversations=deleted, days=days
        )
    return deleted


def instances_with_temporary(now: datetime) -> list[int]:
    """Return the primary keys of the instances with temporary conversations to erase."""
    return [pk for (pk,) in call_function("instances_with_expired_conversations", now)]


def erase_temporary(instance_id: int, now: datetime) -> None:
    """Delete the temporary conversations of an instance whose time is over; nothing tells of it."""
    with tenant(instance_id):
        expired = Conversation.objects.for_instance(instance_id).filter(temporary_until__lte=now)
    _delete_each(instance_id, expired)


def _delete_each(instance_id: int, expired: QuerySet[Conversation]) -> int:
    """Delete conversations, each in a transaction of its own; return how many."""
    with tenant(instance_id):
        keys = list(expired.values_list("pk", flat=True))
    deleted = 0
    for key in keys:
        with tenant(instance_id):
            # It may have been continued meanwhile.
            conversation = expired.select_for_update(of=("self",)).filter(pk=key).first()
            if conversation is not None:
                delete(conversation)
                deleted += 1
    return deleted
