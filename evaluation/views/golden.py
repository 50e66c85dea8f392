"""Golden questions: list, add, change, remove, import, export, keep from an answer."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evaluation.forms.golden import GoldenImportForm, GoldenQuestionForm
from evaluation.golden.collection import MAX_QUESTIONS, exported_rows, has_room, keep_answer
from evaluation.golden.importing import ImportReport, import_questions
from evaluation.models import GoldenQuestion
from evaluation.reviewed_answers import reviewed_answer
from instances.access.gates import instance_view
from instances.models import Membership
from web.csv_files import CSV_MEDIA_TYPE, csv_header, csv_lines

QUESTIONS_PER_PAGE = 50


@require_safe
@instance_view("editor")
def index(request: HttpRequest, membership: Membership) -> HttpResponse:
    """List the golden questions; paginated."""
    questions = GoldenQuestion.objects.for_instance(membership.instance).with_documents()
    context = {
        "section": "golden",
        "page": Paginator(questions, QUESTIONS_PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "evaluation/golden.html", context)


@require_http_methods(["GET", "POST"])
@instance_view("editor")
def add(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Type a golden question."""
    form = GoldenQuestionForm(membership.instance, request.POST or None)
    return _form_page(request, membership, form)


@require_http_methods(["GET", "POST"])
@instance_view("editor")
def edit(request: HttpRequest, membership: Membership, golden_id: int) -> HttpResponse:
    """Change a golden question."""
    golden = _golden(membership, golden_id)
    form = GoldenQuestionForm(membership.instance, request.POST or None, instance=golden)
    return _form_page(request, membership, form)


@require_POST
@instance_view("editor")
def remove(request: HttpRequest, membership: Membership, golden_id: int) -> HttpResponse:
    """Remove a golden question, with its results."""
    _golden(membership, golden_id).delete()
    messages.success(request, _("The golden question is removed."))
    return redirect("evaluation:golden", slug=membership.instance.slug)


@require_http_methods(["GET", "POST"])
@instance_view("editor")
def import_list(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Import golden questions from CSV, or show what is wrong with its lines."""
    form = GoldenImportForm(request.POST or None, request.FILES or None)
    report = ImportReport()
    if form.is_valid():
        text = form.cleaned_data["file"]
        report = import_questions(membership.instance, text)
        if not report.errors:
            sentence = _("Golden questions added: %(added)s. Already known: %(known)s.")
            messages.success(request, sentence % {"added": report.added, "known": report.known})
            return redirect("evaluation:golden", slug=membership.instance.slug)
    context = {"section": "golden", "form": form, "errors": report.errors}
    return render(request, "evaluation/golden_import.html", context)


@require_safe
@instance_view("editor")
def export(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The golden questions as CSV, which can be imported again."""
    columns = ["question", "document", "page", _("words"), _("refuse")]
    text = csv_header(columns) + csv_lines(exported_rows(membership.instance))
    name = f"golden-{membership.instance.slug}-{timezone.localdate():%Y-%m-%d}.csv"
    return HttpResponse(
        text,
        content_type=CSV_MEDIA_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_POST
@instance_view("editor")
def keep(request: HttpRequest, membership: Membership, message_id: UUID) -> HttpResponse:
    """Keep the question of an answer, then show it to complete what is expected."""
    answer = reviewed_answer(membership, message_id)
    if not has_room(membership.instance):
        sentence = _("An instance has %(n)s golden questions at most.") % {"n": MAX_QUESTIONS}
        messages.error(request, sentence)
        return redirect("evaluation:golden", slug=membership.instance.slug)
    golden, is_new = keep_answer(membership, answer)
    if is_new:
        messages.success(request, _("The question is kept. Check what is expected of its answer."))
    else:
        messages.info(request, _("This question is already a golden question."))
    return redirect("evaluation:golden_edit", slug=membership.instance.slug, golden_id=golden.pk)


def _form_page(
    request: HttpRequest, membership: Membership, form: GoldenQuestionForm
) -> HttpResponse:
    """Show a form, or save what it says."""
    is_new = form.instance.pk is None
    if form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("evaluation:golden", slug=membership.instance.slug)
    context = {"section": "golden", "form": form, "is_new": is_new}
    return render(request, "evaluation/golden_edit.html", context)


def _golden(membership: Membership, golden_id: int) -> GoldenQuestion:
    questions = GoldenQuestion.objects.for_instance(membership.instance)
    return get_object_or_404(questions, pk=golden_id)
