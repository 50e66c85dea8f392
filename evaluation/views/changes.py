"""Schedule of the runs, and changes of settings that are held back."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evaluation.calibration import latest_calibration
from evaluation.forms.changes import PolicyForm
from evaluation.held_changes.differences import compared_runs
from evaluation.held_changes.policy import policy_of, save_policy
from evaluation.held_changes.trying import (
    ChangeNotOpen,
    accept,
    change_settings,
    discard,
    open_change,
)
from evaluation.held_changes.versions import held_versions, trial_of
from evaluation.models import HeldChange
from evaluation.settings_wording import change_lines
from evaluation.tried_settings import TriedSettings
from instances.access.gates import instance_view
from instances.models import Instance, Membership

CHANGES_PER_PAGE = 30


@require_http_methods(["GET", "POST"])
@instance_view("admin")
def index(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Edit the policy; list the changes that were tried."""
    instance = membership.instance
    form = PolicyForm(request.POST or None, instance=policy_of(instance))
    if form.is_valid():
        save_policy(form.instance, tries_versions=form.cleaned_data["tries_versions"])
        messages.success(request, _("Saved."))
        return redirect("evaluation:changes", slug=instance.slug)
    changes = HeldChange.objects.for_instance(instance).select_related("requested_by")
    page = Paginator(changes, CHANGES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "changes",
        "form": form,
        "page": page,
        "calibration": latest_calibration(instance),
        "versions": [(version, trial_of(version)) for version in held_versions(instance)],
        "changes": [(change, change_lines(instance, change.changes)) for change in page],
    }
    return render(request, "evaluation/changes.html", context)


@require_POST
@instance_view("admin")
def calibrate(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Make the suggested strictness that of the instance, or try it first."""
    instance = membership.instance
    calibration = latest_calibration(instance)
    if calibration is None or open_change(instance) is not None:
        messages.error(request, _("Nothing is suggested, or another change is open."))
        return redirect("evaluation:changes", slug=instance.slug)
    settings = replace(
        TriedSettings.of(instance),
        strictness=Instance.Strictness.CALIBRATED,
        calibrated_threshold=calibration.suggested.relevance,
    )
    held = change_settings(instance=instance, settings=settings, user=membership.user)
    if held is not None:
        messages.info(request, _("The change is being tried on the golden questions."))
        return redirect("evaluation:change", slug=instance.slug, change_id=held.pk)
    messages.success(request, _("Saved."))
    return redirect("evaluation:changes", slug=instance.slug)


@require_safe
@instance_view("admin")
def detail(request: HttpRequest, membership: Membership, change_id: int) -> HttpResponse:
    """A change, with the results of the golden questions before and after it."""
    change = _change(membership, change_id)
    context: dict[str, Any] = {
        "section": "changes",
        "change": change,
        "lines": change_lines(membership.instance, change.changes),
        "compared": compared_runs(membership.instance, [change.run_before, change.run_after]),
    }
    return render(request, "evaluation/change.html", context)


@require_POST
@instance_view("admin")
def decide(request: HttpRequest, membership: Membership, change_id: int) -> HttpResponse:
    """Make a change that is held back, or discard it."""
    change = _change(membership, change_id)
    try:
        if request.POST.get("decision") == "accept":
            accept(change, membership.user)
            messages.success(request, _("The change is made."))
        else:
            discard(change, membership.user)
            messages.success(request, _("The change is discarded. The settings are as before."))
    except ChangeNotOpen:
        messages.info(request, _("This change was decided meanwhile."))
    return redirect("evaluation:change", slug=membership.instance.slug, change_id=change.pk)


def _change(membership: Membership, change_id: int) -> HeldChange:
    changes = HeldChange.objects.for_instance(membership.instance).select_related(
        "run_before", "run_after", "requested_by", "decided_by"
    )
    return get_object_or_404(changes, pk=change_id)
