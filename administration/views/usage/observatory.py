"""The observatory of usage: who asks, and about what, in an organisation or on the site."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from administration.forms.usage.dashboards import LENGTHS, PeriodForm
from administration.levels import PageLevel
from administration.views.usage.dashboards import usage_pages
from instances.access.administration import operator_view, organisation_view
from instances.models import Organisation
from usage.dashboards.charts import BarChart, bar_chart
from usage.dashboards.exports import MEDIA_TYPES
from usage.dashboards.observatory import Observatory, observatory_of
from usage.rollups.masking import MIN_PERSONS


@require_safe
@organisation_view
def organisation(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """The observatory of an organisation, by instance."""
    return _page(request, PageLevel(organisation=organisation))


@require_safe
@operator_view
def site(request: HttpRequest) -> HttpResponse:
    """The observatory of the site, by organisation."""
    return _page(request, PageLevel())


def _page(request: HttpRequest, level: PageLevel) -> HttpResponse:
    period = PeriodForm(request.GET).period().in_whole_months()
    observatory = observatory_of(level.organisation, period)
    slugs = [level.organisation.slug] if level.organisation else []
    context = {
        **level.context("usage"),
        "page": "observatory",
        "pages": usage_pages(level.name, *slugs),
        "observatory": observatory,
        "charts": _charts(observatory, is_site=level.organisation is None),
        "lengths": LENGTHS,
        "min_persons": MIN_PERSONS,
        "exports": [
            (kind, reverse(f"administration:{level.name}_observatory_export", args=[*slugs, kind]))
            for kind in MEDIA_TYPES
        ],
    }
    return render(request, "administration/usage/observatory.html", context)


def _charts(observatory: Observatory, *, is_site: bool) -> list[BarChart]:
    members = _("People by organisation") if is_site else _("People by instance")
    charts = [bar_chart("classes", _("Questions by subject"), observatory.classes, "questions")]
    for name, title, groups in [
        ("members", members, observatory.members),
        ("affiliations", _("People by affiliation"), observatory.affiliations),
        ("trades", _("People by trade"), observatory.trades),
    ]:
        if groups:
            charts.append(bar_chart(name, title, [(group, ()) for group in groups], "persons"))
    return charts
