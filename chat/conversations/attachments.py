"""Attach files to a conversation, list them, and delete them with it.

An attachment is a ``Document`` with a ``conversation``, read and embedded as any other, before the
documents of its instance that wait. All functions run inside ``tenant(instance)``.
"""

from typing import Any, BinaryIO, cast
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from chat.conversations.finding import get_conversation, locked
from chat.conversations.temporary import beginning, require_continuable
from chat.models import Conversation
from ingestion import uploads
from ingestion.models import Document
from ingestion.parsing.detection.files import detect
from ingestion.parsing.media_types import ARCHIVES
from instances.models import Instance
from people.models import User

MAX_ATTACHMENTS = 20


class NotAttached(Exception):
    """A file that cannot be attached; ``message`` is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code, self.message = code, message


def attach(
    *,
    instance: Instance,
    user: User,
    file: UploadedFile,
    conversation_id: UUID | None,
    is_temporary: bool = False,
) -> Conversation:
    """Attach a file to a conversation of the person, or to a new one; return the conversation.

    Bytes that it has already are not attached again. Raises Http404 for a conversation of
    another person, ``NotAttached``, ``OnlyTemporary``, or as ``ingestion.uploads.store_upload``.
    """
    name = file.name or ""
    if detect(cast(BinaryIO, file), name) in ARCHIVES:
        raise NotAttached(
            "archive",
            _("An archive cannot be attached. Unpack it, then attach the files that you need."),
        )
    file.seek(0)
    # A refused file begins no conversation.
    with transaction.atomic():
        fields = beginning(instance, title=name, is_temporary=is_temporary)
        conversation = _conversation(instance, user, conversation_id, fields)
        _store(conversation, file, name)
    return conversation


def _store(conversation: Conversation, file: UploadedFile, name: str) -> None:
    if attachments_of(conversation).count() >= MAX_ATTACHMENTS:
        text = _("A conversation has %(n)s files at most. Remove one, then attach this one again.")
        raise NotAttached("too_many", text % {"n": MAX_ATTACHMENTS})
    uploads.store_upload(
        instance=conversation.instance,
        user=conversation.user,
        name=name,
        content=file,
        conversation_id=conversation.pk,
        priority=uploads.FIRST,
    )


def attachments_of(conversation: Conversation) -> QuerySet[Document]:
    """Return what is attached to a conversation, in the order in which it was."""
    attached: QuerySet[Document] = Document.with_attachments.for_instance(conversation.instance_id)
    return attached.filter(conversation=conversation).order_by("created_at", "pk")


def attachment_ids(conversation: Conversation) -> tuple[UUID, ...]:
    """Return the ids of what is attached to a conversation, whatever its state."""
    if not conversation.has_attachments:
        return ()
    return tuple(attachments_of(conversation).values_list("pk", flat=True))


def remove(conversation: Conversation, document_id: UUID) -> None:
    """Delete an attachment; the passages that answers cite are kept. Raises Http404."""
    document = attachments_of(conversation).filter(pk=document_id).first()
    if document is None:
        raise Http404
    uploads.delete(document)


def _conversation(
    instance: Instance, user: User, conversation_id: UUID | None, fields: dict[str, Any]
) -> Conversation:
    """Return the conversation, locked against deletion, or a new one with these fields."""
    if conversation_id is None:
        return Conversation.objects.create(
            instance=instance, user=user, has_attachments=True, **fields
        )
    conversation = locked(get_conversation(instance, user, conversation_id))
    require_continuable(instance, conversation)
    if not conversation.has_attachments or conversation.is_archived:
        conversation.has_attachments, conversation.is_archived = True, False
        conversation.save(update_fields=["has_attachments", "is_archived"])
    return conversation
