"""Add, retry, cancel and delete documents in the browser."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from ingestion import uploads
from ingestion.documents import queries, sensitivity
from ingestion.documents.browser_strings import document_strings, upload_limit
from ingestion.errors import FileTooLarge, IngestionError, UnsupportedMediaType, user_message
from ingestion.forms import (
    BULK_LIMIT,
    BulkForm,
    DocumentFilterForm,
    SensitivityForm,
    TitleForm,
    UploadForm,
)
from ingestion.models import Document
from instances.access.gates import instance_view
from instances.errors import InstanceError
from instances.errors import user_message as refusal
from instances.models import Membership, Sensitivity
from web.json_errors import json_error
from web.next_page import next_page

_NAMED_WHEN_DELETING = 5


@require_POST
@instance_view(role=Membership.Role.EDITOR)
def upload(request: HttpRequest, membership: Membership) -> JsonResponse:
    """Store one file; 201 if it is new, 200 if the instance already has the same bytes."""
    form = UploadForm(request.POST, request.FILES)
    if "sensitivity" in form.errors:
        return json_error(400, "invalid", _unknown_level())
    if not form.is_valid():
        return json_error(400, "invalid", _("No file was received. Choose it again."))
    given = form.cleaned_data
    file = {"name": given["file"].name, "content": given["file"], "user": membership.user}
    replaced = _get_failed(membership, given["replaces"]) if given["replaces"] else None
    try:
        if replaced:
            document, created = uploads.replace(replaced, **file)
        else:
            document, created = uploads.store_upload(
                instance=membership.instance,
                folder=given["folder"],
                sensitivity=sensitivity.own_level(membership.instance, given["sensitivity"]),
                **file,
            )
    except FileTooLarge as error:
        text = document_strings()["tooLarge"].format(limit=upload_limit())
        return json_error(413, error.code, text)
    except UnsupportedMediaType as error:
        return json_error(415, error.code, user_message(error.code))
    except IngestionError as error:
        return json_error(422, error.code, user_message(error.code))
    except InstanceError as error:
        return json_error(403, error.code, refusal(error))
    data = {
        "id": str(document.pk),
        "created": created,
        "name": document.name,
        "status": document.status,
        "url": reverse("documents:detail", args=[membership.instance.slug, document.pk]),
    }
    return JsonResponse(data, status=201 if created else 200)


@require_POST
@instance_view(role=Membership.Role.EDITOR)
def retitle(request: HttpRequest, membership: Membership, document_id: UUID) -> HttpResponse:
    """Change a document's title."""
    document = get_document(membership, document_id)
    form = TitleForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("This title is too long: 500 characters at most."))
        return redirect(_return_url(request, membership))
    uploads.retitle(document, form.cleaned_data["title"])
    return _done(request, membership, _("Title saved"))


@require_POST
@instance_view(role=Membership.Role.EDITOR)
def classify(request: HttpRequest, membership: Membership, document_id: UUID) -> HttpResponse:
    """Change a document's sensitivity."""
    document = get_document(membership, document_id)
    form = SensitivityForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _unknown_level())
        return redirect(_return_url(request, membership))
    sensitivity.classify(document, Sensitivity(form.cleaned_data["sensitivity"]))
    return _done(request, membership, _("Sensitivity saved"))


@require_POST
@instance_view(role=Membership.Role.EDITOR)
def retry(request: HttpRequest, membership: Membership, document_id: UUID) -> HttpResponse:
    """Restart a failed document."""
    document = get_document(membership, document_id)
    is_refused = document.status == Document.Status.FAILED and not uploads.retry([document])
    return _done(request, membership, _not_restarted() if is_refused else "")


@require_POST
@instance_view(role=Membership.Role.EDITOR)
def cancel(request: HttpRequest, membership: Membership, document_id: UUID) -> HttpResponse:
    """Cancel a document in progress."""
    uploads.cancel(get_document(membership, document_id))
    return _done(request, membership)


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
    """Retry or delete the selected documents; deletion asks for confirmation first."""
    form = BulkForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("Tick at least one document first."))
        return redirect(_return_url(request, membership))
    if form.cleaned_data["all"]:
        chosen = DocumentFilterForm(request.POST).chosen()
        matching = queries.matching_documents(membership.instance, chosen)
        documents = list(matching.order_by("name")[:BULK_LIMIT])
    else:
        documents = queries.find_documents(membership.instance, form.cleaned_data["document"])
    if form.cleaned_data["action"] == "delete":
        if not form.cleaned_data["confirmed"]:
            return _confirmation(request, membership, documents)
        return _delete(request, membership, documents)
    failed = [document for document in documents if document.status == Document.Status.FAILED]
    n = uploads.retry(failed)
    text = ngettext("%(n)s document is restarted.", "%(n)s documents are restarted.", n)
    text %= {"n": n}
    return _done(request, membership, f"{text} {_not_restarted()}" if n < len(failed) else text)


def _unknown_level() -> str:
    return _("Choose one of the levels of sensitivity.")


def _not_restarted() -> str:
    """Return the message about documents that were not restarted."""
    return _(
        "Many documents of this instance are already waiting for another attempt. Retry the "
        "others when these have been processed."
    )


def _get_failed(membership: Membership, document_id: UUID) -> Document:
    """Return a failed document of the instance; raises Http404."""
    document = get_document(membership, document_id)
    if document.status != Document.Status.FAILED:
        raise Http404
    return document


def get_document(membership: Membership, document_id: UUID) -> Document:
    """Return a document of the instance, inside ``tenant()``; raises Http404."""
    documents = queries.find_documents(membership.instance, [document_id])
    if not documents:
        raise Http404
    return documents[0]


def _confirmation(
    request: HttpRequest, membership: Membership, documents: list[Document]
) -> HttpResponse:
    """Render the confirmation of a deletion, as a page or as the contents of a dialog."""
    in_dialog = request.headers.get("X-Fragment") == "dialog"
    template = "includes/delete_form.html" if in_dialog else "document_delete.html"
    context = {
        "documents": documents,
        "named": documents[:_NAMED_WHEN_DELETING],
        "unnamed_count": max(0, len(documents) - _NAMED_WHEN_DELETING),
        "page_total": sum(document.pages for document in documents),
        "chunk_total": sum(document.chunks for document in documents),
        "next": _return_url(request, membership),
    }
    return render(request, f"ingestion/{template}", context)


def _delete(
    request: HttpRequest, membership: Membership, documents: list[Document]
) -> HttpResponse:
    for document in documents:
        uploads.delete(document)
    n = len(documents)
    text = ngettext("%(n)s document deleted.", "%(n)s documents deleted.", n)
    return _done(request, membership, text % {"n": n})


def _done(request: HttpRequest, membership: Membership, text: str = "") -> HttpResponse:
    """Answer a script with the message in JSON, and redirect a form to the page it came from."""
    if not request.accepts("text/html"):
        return JsonResponse({"message": text})
    if text:
        messages.success(request, text)
    return redirect(_return_url(request, membership))


def _return_url(request: HttpRequest, membership: Membership) -> str:
    """Return the page to redirect to: the form's ``next`` if it is a safe URL, or the list."""
    return next_page(request, reverse("documents:list", args=[membership.instance.slug]))
