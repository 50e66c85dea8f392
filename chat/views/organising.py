"""Put conversations in order: one from its menu, or several from their list."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chat.exports.archive import conversations_as_zip
from chat.exports.formats import FORMATS
from chat.forms import OrganiseForm
from chat.models import Conversation, ConversationFolder
from chat.organising import changes
from chat.organising.changes import Action
from chat.organising.folders import FolderRefused, create_folder, folders_of, get_folder
from chat.posted_forms import Refusal, is_from_script, read_form
from instances.access.gates import instance_view
from instances.models import Membership
from web.next_page import next_page

# In the session: the last change, ``[instance, fields before]``.
_UNDO = "organised_conversations"
# The tag of a message with a button that undoes what it says.
UNDOABLE = "undoable"


@require_POST
@instance_view("guest")
def organise(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Do an action with conversations, or ask what it needs to know first.

    The answer to a script is what was done, in words.
    """
    form = read_form(OrganiseForm, request)
    if isinstance(form, Refusal):
        return _refused(request, membership, form)
    data = form.cleaned_data
    chosen = changes.chosen(membership, data["conversation"])
    match data["action"]:
        case Action.DELETE if data["confirmed"]:
            changes.delete_all(chosen)
            return _done(request, membership, Action.DELETE, chosen)
        case Action.DELETE:
            return _ask(request, membership, chosen, "chat/conversations_delete.html")
        case Action.EXPORT if data["export_format"]:
            return _export(membership, chosen, data["export_format"])
        case Action.EXPORT:
            context = {"formats": FORMATS.items()}
            return _ask(request, membership, chosen, "chat/conversations_export.html", **context)
        case Action.MOVE:
            return _move(request, membership, chosen, data)
        case action:
            before = changes.organise(membership, action, chosen)
            return _done(request, membership, action, chosen, before=before)


@require_POST
@instance_view("guest")
def undo(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Undo the last change of the person's conversations in this browser."""
    instance_id, before = request.session.pop(_UNDO, (None, {}))
    is_done = instance_id == membership.instance_id and changes.undo(membership, before) > 0
    text = _("Undone") if is_done else _("There is nothing left to undo.")
    if is_from_script(request):
        return JsonResponse({"message": text})
    messages.add_message(request, messages.SUCCESS if is_done else messages.WARNING, text)
    return HttpResponseRedirect(next_page(request, _list_url(membership)), status=303)


def _move(
    request: HttpRequest, membership: Membership, chosen: list[Conversation], data: dict[str, Any]
) -> HttpResponse:
    """Move conversations to a folder, a new one or none; ask for it first."""
    folder: ConversationFolder | None = None
    refusal = ""
    try:
        if data["name"]:
            folder = create_folder(membership, data["name"])
        elif data["folder"]:
            folder = get_folder(membership, data["folder"])
    except FolderRefused as refused:
        refusal = str(refused)
    if refusal or (folder is None and data["folder"] is None):
        context = {
            "folders": folders_of(membership),
            "refusal": refusal,
            "name": data["name"],
            "current": {one.folder_id for one in chosen},
        }
        return _ask(request, membership, chosen, "chat/conversations_move.html", **context)
    before = changes.move(membership, chosen, folder)
    return _done(request, membership, Action.MOVE, chosen, before=before, folder=folder)


def _ask(
    request: HttpRequest,
    membership: Membership,
    chosen: list[Conversation],
    template: str,
    **context: Any,
) -> HttpResponse:
    """Render the page that asks for what an action needs; its forms come back here."""
    back = next_page(request, _page_of(membership, chosen))
    return render(request, template, context | {"chosen": chosen, "next": back})


def _done(
    request: HttpRequest,
    membership: Membership,
    action: str,
    chosen: list[Conversation],
    *,
    before: changes.Before | None = None,
    folder: ConversationFolder | None = None,
) -> HttpResponse:
    """Say what was done; with the fields ``before``, it can be undone."""
    text = changes.sentence_of(action, len(chosen), folder)
    if before is not None:
        request.session[_UNDO] = [membership.instance_id, before]
    if is_from_script(request):
        return JsonResponse({"message": text})
    messages.success(request, text, extra_tags=UNDOABLE if before is not None else "")
    page = _list_url(membership) if action == Action.DELETE else _page_of(membership, chosen)
    return HttpResponseRedirect(next_page(request, page), status=303)


def _export(membership: Membership, chosen: list[Conversation], name: str) -> HttpResponse:
    written = conversations_as_zip(
        chosen, FORMATS[name], cited_only=not membership.may_read_documents
    )
    header = content_disposition_header(as_attachment=True, filename="conversations.zip")
    return HttpResponse(
        written,
        content_type="application/zip",
        headers={"Content-Disposition": str(header)},
    )


def _page_of(membership: Membership, chosen: list[Conversation]) -> str:
    """Return the page of the only conversation, or that of all."""
    if len(chosen) > 1:
        return _list_url(membership)
    return reverse("chat:conversation", args=[membership.instance.slug, chosen[0].pk])


def _list_url(membership: Membership) -> str:
    return reverse("chat:all_conversations", args=[membership.instance.slug])


def _refused(request: HttpRequest, membership: Membership, refusal: Refusal) -> HttpResponse:
    if is_from_script(request):
        return refusal.as_json()
    messages.warning(request, refusal.message)
    return redirect(next_page(request, _list_url(membership)))
