"""A conversation as JSON, all its branches included.

::

    {"format": "ragapp-conversation", "version": 1, "id", "title", "instance", "created_at",
     "selected": id of the last message of the branch that is shown,
     "messages": [{"id", "parent", "role", "status", "text", "model", "created_at",
                   "citations": [as of the API], "verification", "rating"}]}
"""

import json
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder

from chat.answers.browser_events import citations_data
from chat.answers.verification.messages import api_verification, from_json
from chat.models import Conversation, Message

_VERSION: Final = 1


def conversation_as_json(conversation: Conversation, *, cited_only: bool) -> str:
    """Return the file. ``cited_only`` is for guests (``browser_events``)."""
    messages = (
        conversation.messages.order_by("created_at", "pk")
        .select_related("feedback")
        .prefetch_related("citations")
    )
    data = {
        "format": "ragapp-conversation",
        "version": _VERSION,
        "id": conversation.pk,
        "title": conversation.title,
        "instance": conversation.instance.slug,
        "created_at": conversation.created_at,
        "pinned": conversation.is_pinned,
        "archived": conversation.is_archived,
        "folder": conversation.folder.name if conversation.folder else None,
        "selected": conversation.leaf_id,
        "messages": [_message(message, cited_only=cited_only) for message in messages],
    }
    return json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)


def _message(message: Message, *, cited_only: bool) -> dict[str, Any]:
    data = {
        "id": message.pk,
        "parent": message.parent_id,
        "role": message.role,
        "text": message.content,
        "created_at": message.created_at,
    }
    if message.role == Message.Role.USER:
        return data | {"document_ids": message.document_ids}
    feedback = getattr(message, "feedback", None)
    verification = None if cited_only else from_json(message.verification)
    return data | {
        "status": message.status,
        "model": message.model,
        "citations": citations_data(message.citations.all(), cited_only=cited_only),
        "verification": api_verification(verification, message.content),
        "rating": {"helpful": feedback.helpful, "comment": feedback.comment} if feedback else None,
    }
