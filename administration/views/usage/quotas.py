"""Quotas of the site, an organisation or an instance."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from administration.forms.usage.quotas import QuotaForm, subject_labels
from administration.levels import PageLevel, at_each_level
from inference.catalogue import model_names
from instances.models import Instance
from usage.models import Quota
from usage.quotas.changes import delete_quota, save_quota
from usage.quotas.sentences import limit
from usage.quotas.standings import shared_standings


@at_each_level
@require_safe
def index(request: HttpRequest, level: PageLevel) -> HttpResponse:
    """List the quotas, with what is used of those that one subject shares."""
    quotas = list(_quotas(level))
    standings = shared_standings(quotas)
    labels = subject_labels(level.name)
    context = {
        "lines": [
            {
                "quota": quota,
                "limit": limit(quota),
                "per": labels.get(quota.per, quota.get_per_display()),
                "standing": standings.get(quota.pk),
                "url": level.url("quota", quota.pk),
            }
            for quota in quotas
        ]
    }
    return _page(request, level, "quotas.html", context)


@at_each_level
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, level: PageLevel) -> HttpResponse:
    """Add a quota."""
    return _edit(request, level, Quota(organisation=level.organisation, instance=level.instance))


@at_each_level
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, level: PageLevel, quota_id: int) -> HttpResponse:
    """Change a quota."""
    return _edit(request, level, get_object_or_404(_quotas(level), pk=quota_id))


@at_each_level
@require_POST
def remove(request: HttpRequest, level: PageLevel, quota_id: int) -> HttpResponse:
    """Delete a quota."""
    delete_quota(get_object_or_404(_quotas(level), pk=quota_id))
    messages.success(request, _("The quota was removed."))
    return redirect(level.url("quotas"))


def _quotas(level: PageLevel) -> QuerySet[Quota]:
    return Quota.objects.filter(organisation=level.organisation, instance=level.instance)


def _edit(request: HttpRequest, level: PageLevel, quota: Quota) -> HttpResponse:
    names = model_names(level.instance or Instance(organisation=level.organisation))
    form = QuotaForm(request.POST or None, instance=quota, level=level.name, models=names)
    if form.is_valid():
        save_quota(quota)
        messages.success(request, _("Saved."))
        return redirect(level.url("quotas"))
    remove_url = level.url("quota_remove", quota.pk) if quota.pk else ""
    context = {"form": form, "quota": quota, "remove_url": remove_url}
    return _page(request, level, "quotas_edit.html", context)


def _page(
    request: HttpRequest, level: PageLevel, template: str, context: dict[str, Any]
) -> HttpResponse:
    around = {
        **level.context("quotas"),
        "quotas_url": level.url("quotas"),
        "new_url": level.url("quota_new"),
    }
    return render(request, f"administration/usage/{template}", around | context)
