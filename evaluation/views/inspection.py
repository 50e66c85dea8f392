"""Inspects a question: async, as no database connection is held while it is embedded."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from evaluation.forms.inspection import InspectionForm
from evaluation.inspection import Inspection, inspect_question
from evaluation.inspection_rows import shown_inspection
from evaluation.models import GoldenQuestion
from evaluation.reviewed_answers import question_of, reviewed_answer
from evaluation.tried_settings import TriedSettings
from inference.errors import InferenceError, NotCleared
from inference.offered_models import EXTRACTS
from inference.token_usage import TokenUsage
from instances.access.gates import as_member, require_role
from instances.models import Instance, Membership, Role
from usage.admission import Admission, RequestRefused, admit_question, held
from usage.quotas.charging import Expected, reserve
from usage.quotas.subjects import QuotaHolder


@dataclass(frozen=True, slots=True)
class _Admitted:
    """The places of an inspection, and the id of its usage records."""

    admission: Admission
    request_id: UUID


_Prepared = tuple[Membership, InspectionForm, _Admitted | None]


@require_http_methods(["GET", "POST"])
@login_required
async def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for a question; then show what an answer would be made from, and why."""

    def prepare(membership: Membership) -> _Prepared:
        require_role(membership, Role.EDITOR)
        data = request.POST if request.method == "POST" else None
        form = InspectionForm(membership.instance, data)
        return membership, form, _admitted(membership) if form.is_valid() else None

    return await _inspect(request, slug, prepare)


@require_GET
@login_required
async def answer(request: HttpRequest, slug: str, message_id: UUID) -> HttpResponse:
    """Show what an answer to the question of an answer would be made from now."""

    def prepare(membership: Membership) -> _Prepared:
        require_role(membership, Role.EDITOR)
        return _prepared(membership, question_of(reviewed_answer(membership, message_id)))

    return await _inspect(request, slug, prepare)


@require_GET
@login_required
async def golden(request: HttpRequest, slug: str, golden_id: int) -> HttpResponse:
    """Show what an answer to a golden question would be made from now."""

    def prepare(membership: Membership) -> _Prepared:
        require_role(membership, Role.EDITOR)
        questions = GoldenQuestion.objects.for_instance(membership.instance)
        return _prepared(membership, get_object_or_404(questions, pk=golden_id).question)

    return await _inspect(request, slug, prepare)


def _prepared(membership: Membership, question: str) -> _Prepared:
    """Return the form of a question under the present settings."""
    present = TriedSettings.of(membership.instance).as_json()
    form = InspectionForm(membership.instance, present | {"question": question})
    return membership, form, _admitted(membership) if form.is_valid() else None


def _admitted(membership: Membership) -> _Admitted:
    """Admit an inspection, which searches as a question does; raises RequestRefused."""
    admission = admit_question(instance_id=membership.instance_id, user_id=membership.user_id)
    admitted = _Admitted(admission, uuid4())
    holder = QuotaHolder(instance=membership.instance, user=membership.user)
    with admission.released_on_error():
        # No model writes.
        expected = Expected(model=EXTRACTS.figures, tokens=TokenUsage(0, 0))
        reserve(holder, admitted.request_id, expected)
    return admitted


async def _inspect(request: HttpRequest, slug: str, prepare: Any) -> HttpResponse:
    """Return the page for the form that ``prepare(membership)`` returns, with its results."""
    context: dict[str, Any] = {"section": "inspection", "inspections": []}
    status = 200
    try:
        membership, form, admitted = await as_member(request, slug, prepare)
    except RequestRefused as error:
        return await as_member(request, slug, _refused, request, error)
    context["form"] = form
    if admitted is not None:
        try:
            async with held(admitted.admission):
                found = await _inspections(membership, form, admitted.request_id)
            context["inspections"] = [
                shown_inspection(one, is_present=number == 0) for number, one in enumerate(found)
            ]
        except NotCleared:
            context["problem"] = _("The server of the search may not receive this question.")
            status = 403
        except InferenceError:
            context["problem"] = _("The search does not answer at the moment. Try again shortly.")
            status = 503
    return await as_member(request, slug, _page, request, context, status)


async def _inspections(
    membership: Membership, form: InspectionForm, request_id: UUID
) -> list[Inspection]:
    """Return the inspection under the present settings, and under others that are tried."""
    instance: Instance = membership.instance
    present = TriedSettings.of(instance)
    tried = form.settings()
    return await inspect_question(
        instance=instance,
        text=form.cleaned_data["question"],
        settings=list(dict.fromkeys((present, tried))),
        user_id=membership.user_id,
        request_id=request_id,
    )


def _page(
    membership: Membership, request: HttpRequest, context: dict[str, Any], status: int
) -> HttpResponse:
    require_role(membership, Role.EDITOR)
    return render(request, "evaluation/inspection.html", context, status=status)


def _refused(membership: Membership, request: HttpRequest, error: RequestRefused) -> HttpResponse:
    """Return the page with the reason why nothing more may be asked now."""
    require_role(membership, Role.EDITOR)
    data = request.POST if request.method == "POST" else None
    context = {
        "section": "inspection",
        "form": InspectionForm(membership.instance, data),
        "problem": error.message,
    }
    response = render(request, "evaluation/inspection.html", context, status=429)
    response["Retry-After"] = str(error.retry_after_s)
    return response
