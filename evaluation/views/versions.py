"""Versions of documents that are tried on the golden questions, or held back."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from evaluation.held_changes.differences import compared_runs
from evaluation.held_changes.versions import VersionNotHeld, accept, discard, trial_of
from ingestion.models import Document
from instances.access.gates import instance_view
from instances.models import Membership


@require_safe
@instance_view("admin")
def detail(request: HttpRequest, membership: Membership, document_id: UUID) -> HttpResponse:
    """A version, with the results of the golden questions before it and with it."""
    version = _version(membership, document_id)
    trial = trial_of(version)
    context = {
        "section": "changes",
        "version": version,
        "is_held": version.status == Document.Status.HELD,
        "trial": trial,
        "compared": compared_runs(membership.instance, trial.runs) if trial else None,
    }
    return render(request, "evaluation/version.html", context)


@require_POST
@instance_view("admin")
def decide(request: HttpRequest, membership: Membership, document_id: UUID) -> HttpResponse:
    """Let a held version answer, or delete it."""
    version = _version(membership, document_id)
    try:
        if request.POST.get("decision") == "accept":
            accept(version)
            messages.success(request, _("Answers use this version."))
        else:
            discard(version)
            messages.success(
                request, _("The version is deleted. The one before goes on answering.")
            )
    except VersionNotHeld:
        messages.info(request, _("This version was decided on meanwhile."))
    return redirect("evaluation:changes", slug=membership.instance.slug)


def _version(membership: Membership, document_id: UUID) -> Document:
    documents = Document.objects.for_instance(membership.instance)
    return get_object_or_404(documents.select_related("instance", "uploaded_by"), pk=document_id)
