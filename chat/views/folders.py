"""A person's folders of conversations: shown, created, renamed, deleted."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from chat.forms import FolderForm
from chat.organising.folders import (
    FolderRefused,
    create_folder,
    get_folder,
    rename_folder,
)
from chat.organising.listing import listed_conversations
from chat.views.conversation_list import list_page
from instances.access.gates import instance_view
from instances.models import Membership


@require_safe
@instance_view("guest")
def folder(request: HttpRequest, membership: Membership, folder_id: int) -> HttpResponse:
    """The conversations of a folder that are not archived."""
    shown = get_folder(membership, folder_id)
    filed = listed_conversations(membership).filter(folder=shown)
    return list_page(request, membership, filed, folder=shown)


@require_http_methods(["GET", "POST"])
@instance_view("guest")
def create(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Create an empty folder."""
    form = FolderForm(request.POST or None)
    if form.is_valid():
        try:
            created = create_folder(membership, form.cleaned_data["name"])
        except FolderRefused as refusal:
            form.add_error("name", str(refusal))
        else:
            return redirect("chat:folder", membership.instance.slug, created.pk)
    return render(request, "chat/folder_edit.html", {"form": form})


@require_http_methods(["GET", "POST"])
@instance_view("guest")
def rename(request: HttpRequest, membership: Membership, folder_id: int) -> HttpResponse:
    """Rename a folder."""
    shown = get_folder(membership, folder_id)
    form = FolderForm(request.POST or None, initial={"name": shown.name})
    if form.is_valid():
        try:
            rename_folder(membership, shown, form.cleaned_data["name"])
        except FolderRefused as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("Folder renamed"))
            return redirect("chat:folder", membership.instance.slug, shown.pk)
    return render(request, "chat/folder_edit.html", {"form": form, "folder": shown})


@require_http_methods(["GET", "POST"])
@instance_view("guest")
def delete(request: HttpRequest, membership: Membership, folder_id: int) -> HttpResponse:
    """Ask for confirmation (GET), or delete a folder; its conversations stay (POST)."""
    shown = get_folder(membership, folder_id)
    if request.method != "POST":
        return render(request, "chat/folder_delete.html", {"folder": shown})
    shown.delete()
    messages.success(request, _("Folder deleted. Its conversations are listed by day again."))
    return redirect("chat:all_conversations", membership.instance.slug)
