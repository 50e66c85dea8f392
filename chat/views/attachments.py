"""The files that a person attaches to a conversation: added, listed with their state, removed."""

from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chat.conversations.attachments import NotAttached, attach, remove
from chat.conversations.finding import get_conversation
from chat.conversations.shown_attachments import shown_attachments
from chat.conversations.temporary import OnlyTemporary
from chat.forms import AttachmentForm
from chat.posted_forms import Refusal
from ingestion.documents.browser_strings import document_strings, upload_limit
from ingestion.error_messages import UPLOAD_STATUS, user_message
from ingestion.errors import FileTooLarge, IngestionError
from instances.access.gates import instance_view
from instances.errors import InstanceError
from instances.errors import user_message as refusal
from instances.models import Membership
from web.json_errors import json_error


@require_POST
@instance_view()
def attach_file(request: HttpRequest, membership: Membership) -> JsonResponse:
    """Attach a file to a conversation, or to a new one; the answer lists its files."""
    form = AttachmentForm(request.POST, request.FILES)
    if not form.is_valid():
        return json_error(400, "invalid", _("No file was received. Choose it again."))
    try:
        conversation = attach(
            instance=membership.instance,
            user=membership.user,
            file=form.cleaned_data["file"],
            conversation_id=form.cleaned_data["conversation"],
            is_temporary=form.cleaned_data["temporary"],
        )
    except OnlyTemporary:
        return Refusal.of_only_temporary().as_json()
    except NotAttached as error:
        return json_error(422, error.code, error.message)
    except FileTooLarge as error:
        text = document_strings()["tooLarge"].format(limit=upload_limit())
        return json_error(413, error.code, text)
    except IngestionError as error:
        return json_error(UPLOAD_STATUS.get(error.code, 422), error.code, user_message(error.code))
    except InstanceError as error:
        return json_error(403, error.code, refusal(error))
    return JsonResponse(shown_attachments(conversation), status=201)


@require_safe
@instance_view("guest")
def index(request: HttpRequest, membership: Membership, conversation_id: UUID) -> JsonResponse:
    """The files of a conversation, with their states."""
    conversation = get_conversation(membership.instance, membership.user, conversation_id)
    return JsonResponse(shown_attachments(conversation))


@require_POST
@instance_view("guest")
def remove_file(
    request: HttpRequest, membership: Membership, conversation_id: UUID, document_id: UUID
) -> JsonResponse:
    """Delete a file of a conversation; the answer lists the others."""
    conversation = get_conversation(membership.instance, membership.user, conversation_id)
    remove(conversation, document_id)
    return JsonResponse(shown_attachments(conversation))
