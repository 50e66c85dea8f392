"""Delete documents in the browser, and change several at once."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from ingestion import uploads, versions
from ingestion.documents import metadata, queries
from ingestion.forms import BULK_LIMIT, BulkForm, DocumentFilterForm, FolderActionForm
from ingestion.models import MAX_TAGS, Document
from ingestion.upload_names import clean_folder
from ingestion.views.changes import done, get_document, not_restarted, return_url
from instances.access.gates import instance_view
from instances.models import Membership
from web.json_errors import json_error

_NAMED_WHEN_DELETING = 5


@require_http_methods(["GET", "POST"])
@instance_view(role=Membership.Role.EDITOR)
def delete(request: HttpRequest, membership: Membership, document_id: UUID) -> HttpResponse:
    """Ask for confirmation (GET), or delete the document (POST)."""
    documents = [get_document(membership, document_id)]
    if request.method == "POST":
        return _delete(request, membership, documents)
    return _confirmation(request, membership, documents)


@require_POST
@instance_view(role=Membership.Role.EDITOR)
def bulk(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Change the selected documents; deletion asks for confirmation first."""
    form = BulkForm(request.POST)
    if not form.is_valid():
        is_of_tags = list(form.errors) == ["tags"]
        text = str(form.errors["tags"][0]) if is_of_tags else _("Tick at least one document first.")
        return done(request, membership, text, messages.WARNING)
    documents = _selected(request, membership, form)
    match form.cleaned_data["action"]:
        case "delete" if form.cleaned_data["confirmed"]:
            return _delete(request, membership, documents)
        case "delete":
            return _confirmation(request, membership, documents)
        case "move":
            metadata.move(documents, form.cleaned_data["folder"])
            text = _moved(len(documents), form.cleaned_data["folder"])
        case "tag" | "untag":
            text = _tag(documents, form)
        case "first":
            ids = [document.pk for document in documents]
            chosen = Document.objects.for_instance(membership.instance).filter(pk__in=ids)
            text = _put_first(uploads.put_first(chosen))
        case "reindex":
            text = _restarted(uploads.reindex(documents))
        case _:
            text = _retry(documents)
    return done(request, membership, text)


@require_POST
@instance_view(role=Membership.Role.EDITOR)
def folder(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Put first, or cancel, what the person has added to a folder and is not ready."""
    form = FolderActionForm(request.POST)
    if not form.is_valid():
        return json_error(400, "invalid", _("Name a folder, and what to do with its files."))
    path = clean_folder(form.cleaned_data["folder"])
    documents = Document.objects.for_instance(membership.instance).filter(
        Q(folder=path) | Q(folder__startswith=f"{path}/"), uploaded_by=membership.user
    )
    if form.cleaned_data["action"] == "first":
        return done(request, membership, _put_first(uploads.put_first(documents)))
    n = uploads.cancel_all(documents)
    text = ngettext("%(n)s document cancelled.", "%(n)s documents cancelled.", n)
    return done(request, membership, text % {"n": n})


def _put_first(n: int) -> str:
    text = ngettext(
        "%(n)s document is prepared before the others.",
        "%(n)s documents are prepared before the others.",
        n,
    )
    return text % {"n": n}


def _selected(request: HttpRequest, membership: Membership, form: BulkForm) -> list[Document]:
    """Return the ticked documents, or all that match the filter of the list."""
    if not form.cleaned_data["all"]:
        return queries.find_documents(membership.instance, form.cleaned_data["document"])
    chosen = DocumentFilterForm(request.POST).chosen()
    matching = queries.matching_documents(membership.instance, chosen)
    return list(matching.order_by("name")[:BULK_LIMIT])


def _retry(documents: list[Document]) -> str:
    failed = [document for document in documents if document.status == Document.Status.FAILED]
    n = uploads.retry(failed)
    return f"{_restarted(n)} {not_restarted()}" if n < len(failed) else _restarted(n)


def _restarted(n: int) -> str:
    text = ngettext("%(n)s document is restarted.", "%(n)s documents are restarted.", n)
    return text % {"n": n}


def _moved(n: int, folder: str) -> str:
    if not folder:
        text = ngettext(
            "%(n)s document is out of its folder.", "%(n)s documents are out of their folders.", n
        )
        return text % {"n": n}
    text = ngettext(
        "%(n)s document moved to %(folder)s.", "%(n)s documents moved to %(folder)s.", n
    )
    return text % {"n": n, "folder": folder}


def _tag(documents: list[Document], form: BulkForm) -> str:
    """Add or remove tags; return the message."""
    tags = form.cleaned_data["tags"]
    if not tags:
        return _("Type a tag first.")
    if form.cleaned_data["action"] == "untag":
        metadata.remove_tags(documents, tags)
        return _("Tags removed.")
    if full := metadata.add_tags(documents, tags):
        text = ngettext(
            "Tags added, but not to %(n)s document, which has %(limit)s already.",
            "Tags added, but not to %(n)s documents, which have %(limit)s already.",
            len(full),
        )
        return text % {"n": len(full), "limit": MAX_TAGS}
    return _("Tags added.")


def _confirmation(
    request: HttpRequest, membership: Membership, documents: list[Document]
) -> HttpResponse:
    """Render the confirmation of a deletion, as a page or as the contents of a dialog."""
    in_dialog = request.headers.get("X-Fragment") == "dialog"
    template = "includes/delete_form.html" if in_dialog else "document_delete.html"
    context = {
        "documents": documents,
        "older_count": versions.count_older(documents),
        "attached_count": versions.count_attached(documents),
        "named": documents[:_NAMED_WHEN_DELETING],
        "unnamed_count": max(0, len(documents) - _NAMED_WHEN_DELETING),
        "page_total": sum(document.pages for document in documents),
        "chunk_total": sum(document.chunks for document in documents),
        "next": return_url(request, membership),
    }
    return render(request, f"ingestion/{template}", context)


def _delete(
    request: HttpRequest, membership: Membership, documents: list[Document]
) -> HttpResponse:
    for document in documents:
        versions.delete(document)
    n = len(documents)
    text = ngettext("%(n)s document deleted.", "%(n)s documents deleted.", n)
    return done(request, membership, text % {"n": n})
