"""A person's conversation, found and locked. Runs inside ``tenant(instance)``."""

from uuid import UUID

from django.db.models import Q
from django.http import Http404
from django.utils import timezone

from chat.models import Conversation
from instances.models import Instance
from people.models import User


def unexpired(prefix: str = "") -> Q:
    """Leave out temporary conversations that wait for their erasure; ``prefix`` leads to them."""
    until = f"{prefix}temporary_until"
    return Q(**{f"{until}__isnull": True}) | Q(**{f"{until}__gt": timezone.now()})


def get_conversation(instance: Instance, user: User, conversation_id: UUID) -> Conversation:
    """Return a conversation of the person; raises Http404 for any other."""
    conversation = (
        Conversation.objects.for_instance(instance)
        .filter(unexpired(), pk=conversation_id, user=user)
        .first()
    )
    if conversation is None:
        raise Http404
    return conversation


def locked(conversation: Conversation) -> Conversation:
    """Return the current conversation, locked against deletion until the transaction ends.

    Raises Http404 when it was deleted meanwhile.
    """
    locked = Conversation.objects.select_for_update().filter(pk=conversation.pk).first()
    if locked is None:
        raise Http404
    return locked
