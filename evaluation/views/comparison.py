"""Compares two models on the golden questions."""

from dataclasses import replace
from uuid import UUID, uuid4

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from evaluation.forms.comparison import ComparisonForm
from evaluation.held_changes.differences import compared_runs
from evaluation.models import EvaluationRun
from evaluation.runs.starting import NoGoldenQuestion, start_run
from evaluation.tried_settings import TriedSettings
from inference.catalogue import offered_models
from instances.access.gates import instance_view
from instances.models import Instance, Membership
from people.models import User

# Of the latest comparisons; older ones are among the runs.
_SHOWN_RUNS = 20


@require_http_methods(["GET", "POST"])
@instance_view("editor")
def index(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Choose two models; list the latest comparisons."""
    instance = membership.instance
    form = ComparisonForm(instance, request.POST or None)
    if form.is_valid():
        chosen = [form.cleaned_data["first"], form.cleaned_data["second"]]
        try:
            group = _start(instance, chosen, membership.user)
        except NoGoldenQuestion:
            messages.error(request, _("There is no golden question to ask yet."))
            return redirect("evaluation:golden", slug=instance.slug)
        return redirect("evaluation:comparison", slug=instance.slug, group=group)
    runs = EvaluationRun.objects.for_instance(instance).filter(
        reason=EvaluationRun.Reason.COMPARISON
    )[:_SHOWN_RUNS]
    context = {
        "section": "comparison",
        "form": form,
        "has_models": len(offered_models(instance)) > 1,
        "comparisons": list({run.group: run for run in runs}.values()),
    }
    return render(request, "evaluation/comparisons.html", context)


@require_safe
@instance_view("editor")
def detail(request: HttpRequest, membership: Membership, group: UUID) -> HttpResponse:
    """Two models side by side: quality, energy, cost."""
    runs = list(
        EvaluationRun.objects.for_instance(membership.instance)
        .filter(group=group, reason=EvaluationRun.Reason.COMPARISON)
        .order_by("created_at", "pk")
    )
    if not runs:
        raise Http404
    compared = compared_runs(membership.instance, runs)
    titles = [one.model for one in compared.runs]
    context = {
        "section": "comparison",
        "compared": compared,
        "first_title": titles[0],
        "second_title": titles[-1],
    }
    return render(request, "evaluation/comparison.html", context)


def _start(instance: Instance, model_ids: list[str], user: User) -> UUID:
    """Start a run with each model, under the present settings otherwise."""
    group = uuid4()
    with transaction.atomic():
        for model_id in model_ids:
            start_run(
                instance=instance,
                reason=EvaluationRun.Reason.COMPARISON,
                settings=replace(TriedSettings.of(instance), model_id=model_id),
                is_by_model=True,
                user=user,
                group=group,
            )
    return group
