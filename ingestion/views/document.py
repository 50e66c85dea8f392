"""One document: its pages with their passages, and its file."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ingestion.documents.browser_strings import document_strings, upload_context
from ingestion.documents.downloads import file_response
from ingestion.documents.metadata import categories
from ingestion.documents.sensitivity import level_choices
from ingestion.documents.viewer import read
from ingestion.forms import MetadataForm, ViewerForm
from ingestion.models import Document, DocumentQuerySet
from ingestion.transcription.playing import player_of
from ingestion.versions import history
from ingestion.views.changes import get_readable_document
from instances.access.gates import aenter, instance_view
from instances.models import Membership
from instances.rules.readers import readers_of
from instances.tenancy import in_tenant


@require_safe
@instance_view()
def document(request: HttpRequest, membership: Membership, document_id: UUID) -> HttpResponse:
    """A document at ``?page=``, or at the page of the passage ``?chunk=``."""
    shown = get_readable_document(membership, document_id)
    context = _context(request, shown)
    context["may_edit"] = membership.may_edit and not shown.is_attachment
    return render(request, "ingestion/document.html", context)


@require_safe
@instance_view()
def page(
    request: HttpRequest, membership: Membership, document_id: UUID, number: int
) -> HttpResponse:
    """One page of a document, as an HTML fragment."""
    shown = get_readable_document(membership, document_id)
    context = _context(request, shown, number=number)
    return render(request, "ingestion/includes/reading.html", context)


@require_safe
@login_required
async def file(request: HttpRequest, slug: str, document_id: UUID) -> HttpResponseBase:
    """The uploaded file, whole or a range; with ``?download`` as an attachment."""
    membership = await aenter(request, slug)
    found: Document = await in_tenant(
        membership.instance, get_readable_document, membership, document_id
    )
    try:
        return await file_response(request, found, attachment="download" in request.GET)
    except FileNotFoundError as error:
        raise Http404 from error


def _context(request: HttpRequest, shown: Document, number: int | None = None) -> dict[str, Any]:
    form = ViewerForm(request.GET)
    form.is_valid()
    place = form.cleaned_data
    reading = read(
        shown,
        number=number or place.get("page"),
        chunk_id=place.get("chunk"),
        query=place.get("q") or "",
    )
    versions = history(shown)
    context = {
        "document": shown,
        "versions": versions,
        "attached_to": _attached_to(shown),
        "attachments": _attachments(shown),
        "current": next((one for one in versions if one.status == Document.Status.READY), None),
        "metadata": MetadataForm(initial=_metadata(shown)),
        "categories": categories(shown.instance),
        "readers": readers_of(shown.instance),
        "levels": level_choices(shown.instance),
        "reading": reading,
        "player": player_of(shown, reading.number, reading.chosen.text if reading.chosen else ""),
    }
    if shown.status in (Document.Status.FAILED, Document.Status.READY):
        context |= {"strings": document_strings(), **upload_context()}
    return context


def _attachments(shown: Document) -> DocumentQuerySet:
    of_instance: DocumentQuerySet = Document.objects.for_instance(shown.instance_id)
    return of_instance.attached_to([shown]).listed().order_by("name")


def _attached_to(shown: Document) -> Document | None:
    """Return the last version of the document to which one is attached."""
    if shown.attached_to is None:
        return None
    of_instance: DocumentQuerySet = Document.objects.for_instance(shown.instance_id)
    versions = of_instance.filter(series=shown.attached_to).order_by("-version")
    last: Document | None = versions.first()
    return last


def _metadata(shown: Document) -> dict[str, Any]:
    return {
        "author": shown.author,
        "category": shown.category,
        "dated": shown.dated,
        "folder": shown.folder,
        "tags": ", ".join(shown.tags),
    }
