"""Dashboards as files: one's own records, daily sums of an instance, monthly ones of others."""

from collections.abc import AsyncIterator

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from administration.forms.usage.dashboards import PeriodForm
from instances.access.administration import operator_view, organisation_view
from instances.access.gates import instance_view
from instances.models import Membership, Organisation, Role
from people.requests import logged_in_user
from usage.dashboards.exports import (
    MEDIA_TYPES,
    export_across,
    export_instance,
    export_own,
    export_person,
)
from usage.dashboards.observatory import DIMENSIONS as OBSERVED
from usage.dashboards.periods import Period


@require_safe
@instance_view(Role.GUEST)
def own(request: HttpRequest, membership: Membership, kind: str) -> HttpResponseBase:
    """The records of one's own requests."""
    period = _period(request, kind)
    lines = export_own(membership, period, kind)
    return _file(lines, f"{membership.instance.slug}-own", period, kind)


@require_safe
@login_required
def person(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The records of one's own requests in all instances."""
    period = _period(request, kind)
    return _file(export_person(logged_in_user(request), period, kind), "own", period, kind)


@require_safe
@instance_view(Role.ADMIN)
def instance(request: HttpRequest, membership: Membership, kind: str) -> HttpResponseBase:
    """The daily sums of an instance."""
    period = _period(request, kind)
    lines = export_instance(membership.instance, period, kind)
    return _file(lines, membership.instance.slug, period, kind)


@require_safe
@organisation_view
def organisation(request: HttpRequest, organisation: Organisation, kind: str) -> HttpResponseBase:
    """The monthly sums of an organisation, without those of small groups."""
    period = _period(request, kind).in_whole_months()
    return _file(export_across(organisation, period, kind), organisation.slug, period, kind)


@require_safe
@operator_view
def site(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The monthly sums of the site, without those of small groups."""
    period = _period(request, kind).in_whole_months()
    return _file(export_across(None, period, kind), "site", period, kind)


@require_safe
@organisation_view
def organisation_observatory(
    request: HttpRequest, organisation: Organisation, kind: str
) -> HttpResponseBase:
    """The monthly sums of an organisation by subject, affiliation and trade."""
    period = _period(request, kind).in_whole_months()
    lines = export_across(organisation, period, kind, OBSERVED)
    return _file(lines, f"observatory-{organisation.slug}", period, kind)


@require_safe
@operator_view
def site_observatory(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The monthly sums of the site by subject, affiliation and trade."""
    period = _period(request, kind).in_whole_months()
    return _file(export_across(None, period, kind, OBSERVED), "observatory-site", period, kind)


def _period(request: HttpRequest, kind: str) -> Period:
    if kind not in MEDIA_TYPES:
        raise Http404
    return PeriodForm(request.GET).period()


def _file(
    lines: AsyncIterator[bytes], place: str, period: Period, kind: str
) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines, content_type=MEDIA_TYPES[kind])
    name = f"usage-{place}-{period.first}-{period.last}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
