"""A conversation as a file."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from chat.conversations.finding import get_conversation
from chat.exports.formats import FORMATS, exported, file_name
from instances.access.gates import instance_view
from instances.models import Membership


@require_safe
@instance_view("guest")
def index(request: HttpRequest, membership: Membership, conversation_id: UUID) -> HttpResponse:
    """The formats in which a conversation may be downloaded."""
    conversation = get_conversation(membership.instance, membership.user, conversation_id)
    context = {"conversation": conversation, "formats": FORMATS.items()}
    return render(request, "chat/exports.html", context)


@require_safe
@instance_view("guest")
def download(
    request: HttpRequest, membership: Membership, conversation_id: UUID, export_format: str
) -> HttpResponse:
    """The branch last shown, in a format; all branches as JSON."""
    conversation = get_conversation(membership.instance, membership.user, conversation_id)
    chosen = FORMATS.get(export_format)
    if chosen is None:
        raise Http404
    written = exported(conversation, chosen, cited_only=not membership.may_read_documents)
    name = file_name(conversation, chosen.suffix)
    header = content_disposition_header(as_attachment=True, filename=name)
    return HttpResponse(
        written,
        content_type=chosen.media_type,
        headers={"Content-Disposition": str(header)},
    )
