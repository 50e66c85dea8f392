"""Versions of the usage charter of the site, an organisation or an instance.

Members accept it in ``charter_acceptance``.
"""

from collections.abc import AsyncIterator
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from administration.forms.charters import CharterForm
from administration.levels import PageLevel, at_each_level
from instances.access import charters
from instances.models import Charter, CharterAcceptance
from instances.tenancy import in_database
from web.csv_files import CSV_MEDIA_TYPE, csv_header, csv_lines

ACCEPTANCES_PER_PAGE = 100
_PER_BATCH = 1000


@at_each_level
@require_safe
def index(request: HttpRequest, level: PageLevel) -> HttpResponse:
    """Show the current text, and list all versions with the number of acceptances."""
    versions = list(
        level.charters().annotate(n_accepted=Count("acceptances")).select_related("published_by")
    )
    current = next((version for version in versions if version.is_current), None)
    context = {
        "versions": versions,
        "current": current,
        "text": current.text_in(get_language() or "") if current else "",
    }
    return _page(request, level, "charters.html", context)


@at_each_level
@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest, level: PageLevel) -> HttpResponse:
    """Write, preview and publish a version."""
    form = CharterForm(request.POST or None, initial=_initial(level))
    if not form.is_valid() or "publish" not in request.POST:
        context = {"form": form, "is_preview": form.is_valid() and "preview" in request.POST}
        return _page(request, level, "charters_edit.html", context)
    version = charters.publish(
        organisation=level.organisation,
        instance=level.instance,
        user_id=request.user.pk,
        **form.cleaned_data,
    )
    messages.success(request, _("Version %s is published.") % version.version)
    return redirect(level.url("charter"))


@at_each_level
@require_POST
def withdraw(request: HttpRequest, level: PageLevel) -> HttpResponse:
    """Withdraw the current version."""
    charters.withdraw(organisation=level.organisation, instance=level.instance)
    messages.success(request, _("The usage charter is withdrawn."))
    return redirect(level.url("charter"))


@at_each_level
@require_safe
def version(request: HttpRequest, level: PageLevel, number: int) -> HttpResponse:
    """Show a version: its texts, and who accepted it when."""
    shown = get_object_or_404(level.charters(), version=number)
    page = Paginator(_acceptances(shown), ACCEPTANCES_PER_PAGE).get_page(request.GET.get("page"))
    export_url = level.url("charter_acceptances", number)
    context = {"version": shown, "page": page, "export_url": export_url}
    return _page(request, level, "charters_version.html", context)


@at_each_level
@require_safe
def acceptances(request: HttpRequest, level: PageLevel, number: int) -> StreamingHttpResponse:
    """Export who accepted a version, as a CSV file."""
    shown = get_object_or_404(level.charters(), version=number)
    response = StreamingHttpResponse(_lines(shown), content_type=CSV_MEDIA_TYPE)
    place = level.instance or level.organisation
    name = f"charter-{place.slug if place else 'site'}-{number}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _initial(level: PageLevel) -> dict[str, str]:
    """The current texts, as initial values."""
    current = level.charters().filter(is_current=True).first()
    return {"text_fr": current.text_fr, "text_en": current.text_en} if current else {}


def _acceptances(version: Charter) -> QuerySet[CharterAcceptance]:
    return version.acceptances.select_related("user").order_by("-accepted_at", "pk")


async def _lines(version: Charter) -> AsyncIterator[bytes]:
    yield csv_header(["accepted_at", "username", "name", "email", "address"]).encode()
    after = 0
    while batch := await in_database(_batch, version, after):
        yield csv_lines(
            [
                one.accepted_at.isoformat(),
                one.user.username,
                one.user.display_name,
                one.user.email,
                one.address,
            ]
            for one in batch
        ).encode()
        after = batch[-1].pk


def _batch(version: Charter, after: int) -> list[CharterAcceptance]:
    following = version.acceptances.filter(pk__gt=after).select_related("user").order_by("pk")
    return list(following[:_PER_BATCH])


def _page(
    request: HttpRequest, level: PageLevel, template: str, context: dict[str, Any]
) -> HttpResponse:
    around = {
        **level.context("charter"),
        "charter_url": level.url("charter"),
        "publish_url": level.url("charter_publish"),
        "withdraw_url": level.url("charter_withdraw"),
    }
    return render(request, f"administration/{template}", around | context)
