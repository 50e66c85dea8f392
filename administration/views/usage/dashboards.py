"""Dashboards of usage: one's own, an instance's, an organisation's, the site's."""

from collections.abc import Sequence

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from administration.forms.usage.dashboards import LENGTHS, PeriodForm
from instances.access.administration import operator_view, organisation_view
from instances.access.gates import instance_view
from instances.models import Membership, Organisation, Role
from people.requests import logged_in_user
from usage.connection_tests import TestedModel, tested_models
from usage.dashboards.across import dashboard_across
from usage.dashboards.charts import column_chart
from usage.dashboards.exports import MEDIA_TYPES
from usage.dashboards.figures import Dashboard
from usage.dashboards.instance import instance_dashboard
from usage.dashboards.own import own_dashboard, person_dashboard
from usage.dashboards.periods import Period
from usage.quotas.shown import ShownQuota, shown_quotas
from usage.quotas.subjects import QuotaHolder
from usage.rollups.masking import MIN_PERSONS

_IN_INSTANCE = "administration/usage/base_usage.html"
_BASES = {"person": "administration/usage/base_person.html"}


@require_safe
@instance_view(Role.GUEST)
def index(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The usage of the instance for its administrators, one's own for other members."""
    if not membership.may_administer:
        return _own_page(request, membership)
    dashboard = instance_dashboard(membership.instance, _period(request))
    return _page(request, dashboard, "instance", membership.instance.slug)


@require_safe
@instance_view(Role.GUEST)
def own(request: HttpRequest, membership: Membership) -> HttpResponse:
    """One's own usage of the instance."""
    return _own_page(request, membership)


@require_safe
@login_required
def person(request: HttpRequest) -> HttpResponse:
    """One's own usage of all instances."""
    return _page(request, person_dashboard(logged_in_user(request), _period(request)), "person")


@require_safe
@organisation_view
def organisation(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """The usage of an organisation, by instance."""
    dashboard = dashboard_across(organisation, _period(request).in_whole_months())
    tests = tested_models(organisation, dashboard.period)
    return _page(request, dashboard, "organisation", organisation.slug, tests=tests)


@require_safe
@operator_view
def site(request: HttpRequest) -> HttpResponse:
    """The usage of the site, by organisation."""
    dashboard = dashboard_across(None, _period(request).in_whole_months())
    return _page(request, dashboard, "site", tests=tested_models(None, dashboard.period))


def usage_pages(level: str, *slugs: str) -> list[tuple[str, str, str]]:
    """The name, label and address of the pages of usage of an organisation, or of the site."""
    return [
        (name, label, reverse(f"administration:{level}_{name}", args=slugs))
        for name, label in (("usage", _("Figures")), ("observatory", _("Observatory")))
    ]


def _own_page(request: HttpRequest, membership: Membership) -> HttpResponse:
    dashboard = own_dashboard(membership, _period(request))
    quotas = shown_quotas(QuotaHolder(instance=membership.instance, user=membership.user))
    return _page(request, dashboard, "own", membership.instance.slug, quotas=quotas)


def _period(request: HttpRequest) -> Period:
    return PeriodForm(request.GET).period()


def _page(
    request: HttpRequest,
    dashboard: Dashboard,
    level: str,
    *slugs: str,
    quotas: Sequence[ShownQuota] = (),
    tests: Sequence[TestedModel] = (),
) -> HttpResponse:
    """Render a dashboard of a level.

    ``level`` is ``own`` or ``instance`` in an instance; ``person``, ``organisation`` or ``site``.
    """
    base_templates = {
        "organisation": "administration/consoles/base_organisation.html",
        "site": "administration/consoles/base_site_administration.html",
    }
    context = {
        "section": "usage",
        "level": level,
        "is_across_instances": level in base_templates,
        "base_template": base_templates.get(level) or _BASES.get(level, _IN_INSTANCE),
        "page": "usage",
        "pages": usage_pages(level, *slugs) if level in base_templates else [],
        "dashboard": dashboard,
        "quotas": quotas,
        "tests": tests,
        "chart": column_chart(dashboard.columns),
        "lengths": LENGTHS,
        "min_persons": MIN_PERSONS,
        "exports": [
            (kind, reverse(f"administration:{level}_usage_export", args=[*slugs, kind]))
            for kind in MEDIA_TYPES
        ],
    }
    return render(request, "administration/usage/dashboards.html", context)
