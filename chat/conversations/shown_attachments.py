"""The files of a conversation as its page shows them. Runs inside ``tenant(instance)``."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from chat.conversations.attachments import attachments_of
from chat.models import Conversation
from ingestion.documents.browser_strings import upload_context, upload_limit
from ingestion.error_messages import user_message
from ingestion.models import Document


def shown_attachments(conversation: Conversation) -> dict[str, Any]:
    """Return the files of a conversation as JSON: name, state, and a note in words.

    The state is ``reading``, ``ready`` or ``failed``, with the reason and the remedy as its note.
    """
    slug = conversation.instance.slug
    key = str(conversation.pk)
    return {
        "conversation_id": key,
        "conversation_url": reverse("chat:conversation", args=[slug, key]),
        "list_url": reverse("chat:attachments", args=[slug, key]),
        "title": conversation.title,
        "attachments": [
            {
                "id": str(document.pk),
                "name": document.name,
                "url": reverse("documents:detail", args=[slug, document.pk]),
                "remove_url": reverse("chat:remove_attachment", args=[slug, key, document.pk]),
                **_state(document),
            }
            for document in attachments_of(conversation)
        ],
    }


def attachments_context(conversation: Conversation | None) -> dict[str, Any]:
    """Return what the template of the composer needs."""
    is_listed = conversation is not None and conversation.has_attachments
    listing = shown_attachments(conversation) if conversation and is_listed else {"attachments": []}
    return {
        "attachments": listing,
        "accept": upload_context()["accept"],
        "max_attachment_bytes": settings.MAX_UPLOAD_BYTES,
        "attachment_limit": upload_limit(),
    }


def _state(document: Document) -> dict[str, str]:
    if document.status == Document.Status.FAILED:
        return {"state": "failed", "note": str(user_message(document.error_code))}
    if document.status == Document.Status.READY:
        return {"state": "ready", "note": ""}
    return {"state": "reading", "note": _("being read…")}
