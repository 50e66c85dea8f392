"""Runs of the golden questions: start, follow, read, cancel."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from evaluation.forms.runs import RunForm
from evaluation.models import EvaluationResult, EvaluationRun, GoldenQuestion
from evaluation.runs.figures import Figures
from evaluation.runs.history import costs_of, score_chart
from evaluation.runs.starting import NoGoldenQuestion, cancel_run, start_run
from evaluation.settings_wording import setting_lines
from evaluation.tried_settings import TriedSettings
from instances.access.gates import instance_view
from instances.models import Membership

RUNS_PER_PAGE = 30


@require_safe
@instance_view("editor")
def index(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The scores over time, the runs, and the form to start one."""
    runs = EvaluationRun.objects.for_instance(membership.instance).select_related("created_by")
    page = Paginator(runs, RUNS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "runs",
        "form": RunForm(membership.instance),
        "chart": score_chart(runs[:200]),
        "page": page,
        "runs": [(run, Figures.from_json(run.figures)) for run in page],
    }
    return render(request, "evaluation/runs.html", context)


@require_POST
@instance_view("editor")
def start(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Ask the golden questions under the present settings."""
    instance = membership.instance
    form = RunForm(instance, request.POST)
    form.full_clean()
    try:
        run = start_run(
            instance=instance,
            reason=EvaluationRun.Reason.ASKED,
            settings=TriedSettings.of(instance),
            is_by_model=form.wants_model,
            user=membership.user,
        )
    except NoGoldenQuestion:
        messages.error(request, _("There is no golden question to ask yet."))
        return redirect("evaluation:golden", slug=instance.slug)
    return redirect("evaluation:run", slug=instance.slug, run_id=run.pk)


@require_safe
@instance_view("editor")
def detail(request: HttpRequest, membership: Membership, run_id: UUID) -> HttpResponse:
    """A run: its progress, then its figures and the result of each question."""
    run = _run(membership, run_id)
    questions = GoldenQuestion.objects.for_instance(run.instance_id).with_documents()
    results = list(_results(run).prefetch_related(Prefetch("question", queryset=questions)))
    asked = [result for result in results if result.asked_at is not None]
    done = run.status == EvaluationRun.Status.DONE
    context = {
        "section": "runs",
        "run": run,
        "asked": len(asked),
        "total": len(results),
        "figures": Figures.from_json(run.figures) if done else Figures.of(results),
        "results": sorted(asked, key=lambda result: result.passed),
        "cost": costs_of(membership.instance_id, [run])[run.pk],
        "settings": setting_lines(membership.instance, TriedSettings.from_json(run.settings)),
    }
    return render(request, "evaluation/run.html", context)


@require_safe
@instance_view("editor")
def progress(request: HttpRequest, membership: Membership, run_id: UUID) -> HttpResponse:
    """How many questions of a run were asked, for the page that follows it."""
    run = _run(membership, run_id)
    data: dict[str, Any] = {
        "asked": _results(run).exclude(asked_at=None).count(),
        "total": _results(run).count(),
        "is_unfinished": run.is_unfinished,
    }
    return JsonResponse(data)


@require_POST
@instance_view("editor")
def cancel(request: HttpRequest, membership: Membership, run_id: UUID) -> HttpResponse:
    """Stop a run after its present question."""
    run = _run(membership, run_id)
    cancel_run(run)
    return redirect("evaluation:run", slug=membership.instance.slug, run_id=run.pk)


def _run(membership: Membership, run_id: UUID) -> EvaluationRun:
    runs = EvaluationRun.objects.for_instance(membership.instance)
    return get_object_or_404(runs.select_related("created_by"), pk=run_id)


def _results(run: EvaluationRun) -> Any:
    return EvaluationResult.objects.for_instance(run.instance_id).filter(run=run)
