"""The sources of an instance: list, add, change."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from instances.access.gates import instance_view
from instances.models import Membership
from sources.editing import MAX_SOURCES, TooManySources, add_source, change_source, sources_of
from sources.errors import UnknownKind
from sources.forms.sources import SourceForms
from sources.interface import SourceKind
from sources.models import Source
from sources.registry import kind_of, kinds
from sources.reports import source_rows


@require_safe
@instance_view("editor")
def index(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The sources with their state, next run and last report."""
    context = {"rows": source_rows(membership.instance), "kinds": kinds().values()}
    return render(request, "sources/sources.html", context)


@require_http_methods(["GET", "POST"])
@instance_view("editor")
def add(request: HttpRequest, membership: Membership, source_kind: str) -> HttpResponse:
    """Add a source of a kind; its first run starts at once."""
    kind = _kind(source_kind)
    forms = SourceForms(kind, request.POST or None)
    if request.method == "POST" and forms.is_valid():
        try:
            source = add_source(
                instance=membership.instance,
                user=membership.user,
                kind=kind.name,
                given=forms.given,
            )
        except TooManySources:
            sentence = _("An instance has %(n)s sources at most.") % {"n": MAX_SOURCES}
            messages.error(request, sentence)
            return redirect("sources:list", slug=membership.instance.slug)
        messages.success(request, _("The source is added. Its first run has begun."))
        return redirect("sources:source", slug=membership.instance.slug, source_id=source.pk)
    return render(request, "sources/source_edit.html", {"forms": forms, "kind": kind})


@require_http_methods(["GET", "POST"])
@instance_view("editor")
def edit(request: HttpRequest, membership: Membership, source_id: UUID) -> HttpResponse:
    """Change a source."""
    source = get_source(membership, source_id)
    kind = _kind(source.kind)
    forms = SourceForms(kind, request.POST or None, source=source)
    if request.method == "POST" and forms.is_valid():
        # The form has changed the row that it was given.
        source.refresh_from_db()
        change_source(source, forms.given)
        messages.success(request, _("Saved."))
        return redirect("sources:source", slug=membership.instance.slug, source_id=source.pk)
    context = {"forms": forms, "kind": kind, "source": source}
    return render(request, "sources/source_edit.html", context)


def get_source(membership: Membership, source_id: UUID) -> Source:
    """Return a source of the instance that is not being deleted; raises Http404."""
    sources = sources_of(membership.instance).filter(is_being_deleted=False)
    source: Source = get_object_or_404(sources, pk=source_id)
    return source


def _kind(name: str) -> SourceKind:
    try:
        return kind_of(name)
    except UnknownKind as error:
        raise Http404 from error
