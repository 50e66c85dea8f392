"""One source: its state and runs, run now, pause, delete."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from instances.access.gates import instance_view
from instances.models import Membership
from sources.editing import (
    delete_source,
    documents_of,
    pause_source,
    resume_source,
    run_source,
)
from sources.forms.sources import DeletionForm
from sources.reports import (
    kind_label,
    option_rows,
    problem_of,
    progress_of,
    report_lines,
    runs_of,
    state_of,
)
from sources.views.sources import get_source

_RUNS_PER_PAGE = 20


@require_safe
@instance_view("editor")
def detail(request: HttpRequest, membership: Membership, source_id: UUID) -> HttpResponse:
    """A source: what it reads, its runs, and what its last run has changed."""
    source = get_source(membership, source_id)
    runs = runs_of(source)
    page = Paginator(runs, _RUNS_PER_PAGE).get_page(request.GET.get("page"))
    last = runs.first()
    context = {
        "source": source,
        "kind_label": kind_label(source),
        "options": option_rows(source),
        "page": page,
        "last": last,
        "lines": report_lines(last) if last else [],
        "state": state_of(source, last),
        "problem": problem_of(last),
        "progress": progress_of(source),
        "document_count": documents_of(source).count(),
    }
    return render(request, "sources/source.html", context)


@require_safe
@instance_view("editor")
def progress(request: HttpRequest, membership: Membership, source_id: UUID) -> HttpResponse:
    """How far the run of a source is, for the page that follows it."""
    return JsonResponse(progress_of(get_source(membership, source_id)))


@require_POST
@instance_view("editor")
def run(request: HttpRequest, membership: Membership, source_id: UUID) -> HttpResponse:
    """Start a run."""
    source = get_source(membership, source_id)
    if source.is_paused:
        messages.warning(request, _("The source is paused. Resume it first."))
    else:
        run_source(source, membership.user)
    return _shown(membership, source_id)


@require_POST
@instance_view("editor")
def pause(request: HttpRequest, membership: Membership, source_id: UUID) -> HttpResponse:
    """Stop the runs of a source."""
    pause_source(get_source(membership, source_id))
    messages.success(request, _("The source is paused. Its documents remain as they are."))
    return _shown(membership, source_id)


@require_POST
@instance_view("editor")
def resume(request: HttpRequest, membership: Membership, source_id: UUID) -> HttpResponse:
    """Run a source on its schedule again."""
    resume_source(get_source(membership, source_id))
    messages.success(request, _("The source runs on its schedule again."))
    return _shown(membership, source_id)


@require_http_methods(["GET", "POST"])
@instance_view("editor")
def delete(request: HttpRequest, membership: Membership, source_id: UUID) -> HttpResponse:
    """Ask what happens to the documents (GET), or delete the source (POST)."""
    source = get_source(membership, source_id)
    form = DeletionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        delete_source(source, user=membership.user, with_documents=form.deletes_documents)
        text = _("The source is deleted.")
        if form.deletes_documents:
            text = _("The source and its documents are being deleted.")
        messages.success(request, text)
        return redirect("sources:list", slug=membership.instance.slug)
    context = {
        "source": source,
        "form": form,
        "document_count": documents_of(source).count(),
    }
    return render(request, "sources/source_delete.html", context)


def _shown(membership: Membership, source_id: UUID) -> HttpResponse:
    return redirect("sources:source", slug=membership.instance.slug, source_id=source_id)
