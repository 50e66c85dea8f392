"""Console of an organisation: its deleted instances."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from instances.access.administration import organisation_view
from instances.models import DeletionRecord, Organisation

ROWS_PER_PAGE = 50


@require_safe
@organisation_view
def index(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """List the deletion records, each with a link to its proof."""
    records = DeletionRecord.objects.filter(organisation=organisation)
    page = Paginator(records, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"section": "deletions", "page": page}
    return render(request, "administration/consoles/deletions.html", context)
