"""The audit log of the site, an organisation or an instance: read, searched, exported."""

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from administration.forms.audit import AuditSearchForm, DayForm
from administration.levels import PageLevel, at_each_level
from instances import audit
from instances.audit.export import MEDIA_TYPES, export_lines
from instances.audit.reading import Page, Place, Search, read_page, read_page_before
from instances.audit.seals import current_checkpoint
from instances.audit.sentences import details, sentence


@at_each_level
@require_safe
def index(request: HttpRequest, level: PageLevel) -> HttpResponse:
    """List the entries, latest first."""
    form, day_form = _form(request, level), DayForm(request.GET)
    page = _page(request, level, form.search(), day_form)
    context = {
        **level.context("audit"),
        "form": form,
        "is_searched": any(form.cleaned_data.values()),
        "day_form": day_form,
        "is_latest_page": not {"after", "before", "day"} & set(request.GET),
        "page": page,
        "entries": [
            {"entry": entry, "sentence": sentence(entry), "details": details(entry)}
            for entry in page.entries
        ],
        # The chain covers the whole site, so only operators see its length.
        "checkpoint": current_checkpoint() if level.name == "site" else None,
        "exports": [(kind, level.url("audit_export", kind)) for kind in MEDIA_TYPES],
    }
    return render(request, "administration/audit.html", context)


@at_each_level
@require_safe
def export(request: HttpRequest, level: PageLevel, kind: str) -> StreamingHttpResponse:
    """Export the entries as a file; the export is audited too."""
    if kind not in MEDIA_TYPES:
        raise Http404
    form = _form(request, level)
    search = form.search()
    asked = {name: str(value) for name, value in form.cleaned_data.items() if value}
    audit.record(
        audit.Action.LOG_EXPORTED,
        instance=level.instance,
        organisation=level.organisation,
        format=kind,
        searched=asked,
    )
    response = StreamingHttpResponse(
        export_lines(level, search, kind), content_type=MEDIA_TYPES[kind]
    )
    place = level.instance or level.organisation
    name = f"audit-{place.slug if place else 'site'}-{timezone.localdate():%Y-%m-%d}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _page(request: HttpRequest, level: PageLevel, search: Search, day_form: DayForm) -> Page:
    """The entries before or after the position in the query, or of the day in it and before."""
    query = request.GET
    if "before" in query:
        return read_page_before(level, search, Place.parse(query["before"]))
    return read_page(level, search, Place.parse(query.get("after", "")) or day_form.place())


def _form(request: HttpRequest, level: PageLevel) -> AuditSearchForm:
    return AuditSearchForm(request.GET, has_places=level.instance is None)
