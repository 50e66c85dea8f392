"""Change what is said of a document: title, sensitivity, metadata."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ingestion import uploads
from ingestion.documents import metadata, sensitivity
from ingestion.forms import MetadataForm, SensitivityForm, TitleForm
from ingestion.views.changes import done, get_document, return_url, unknown_level
from instances.access.gates import instance_view
from instances.models import Membership, Sensitivity


@require_POST
@instance_view(role=Membership.Role.EDITOR)
def retitle(request: HttpRequest, membership: Membership, document_id: UUID) -> HttpResponse:
    """Change a document's title."""
    document = get_document(membership, document_id)
    form = TitleForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("This title is too long: 500 characters at most."))
        return redirect(return_url(request, membership))
    uploads.retitle(document, form.cleaned_data["title"])
    return done(request, membership, _("Title saved"))


@require_POST
@instance_view(role=Membership.Role.EDITOR)
def classify(request: HttpRequest, membership: Membership, document_id: UUID) -> HttpResponse:
    """Change a document's sensitivity."""
    document = get_document(membership, document_id)
    form = SensitivityForm(request.POST)
    if not form.is_valid():
        messages.warning(request, unknown_level())
        return redirect(return_url(request, membership))
    sensitivity.classify(document, Sensitivity(form.cleaned_data["sensitivity"]))
    return done(request, membership, _("Sensitivity saved"))


@require_POST
@instance_view(role=Membership.Role.EDITOR)
def describe(request: HttpRequest, membership: Membership, document_id: UUID) -> HttpResponse:
    """Change a document's author, kind, date, folder and tags."""
    document = get_document(membership, document_id)
    form = MetadataForm(request.POST)
    if not form.is_valid():
        for field, errors in form.errors.items():
            messages.warning(request, f"{form.fields[field].label}: {' '.join(map(str, errors))}")
        return redirect(return_url(request, membership))
    metadata.describe(document, **form.cleaned_data)
    return done(request, membership, _("Details saved"))
