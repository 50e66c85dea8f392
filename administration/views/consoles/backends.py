"""Backends of language models: of the site, for operators; of an organisation, for its own."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from administration.forms.consoles.backends import AccessForm, BackendForm
from administration.forms.model_rules import ModelRulesForm, QueueTurnsForm
from administration.levels import PageLevel, at_each_level
from administration.model_backends.problems import problem_of_environment, problems_of
from inference import backends
from inference.catalogue import model_names
from inference.models import Backend, BackendAccess, JobTemplate, ModelRules
from inference.offered_models import EXTRACTIVE
from inference.slurm.sentences import problem_of, shown_jobs
from inference.slurm.templates import has_active_jobs
from instances.access.administration import organisation_view
from instances.models import Instance, Organisation


@at_each_level
@require_safe
def index(request: HttpRequest, level: PageLevel) -> HttpResponse:
    """List the backends; for an organisation, also those of the site that it uses."""
    numbered = Backend.objects.annotate(n_models=Count("models")).select_related("owner")
    shared = numbered.filter(owner=None, is_enabled=True) if level.organisation else ()
    listed = numbered.filter(pk__in=editable_backends(level))
    context = {
        "backends": [
            (one, bool(problems_of(one))) for one in listed.prefetch_related("models", "accesses")
        ],
        "shared": shared,
        "rules_form": _rules_form(request, level.organisation) if level.organisation else None,
        "turns_form": _turns_form(request, level),
        "heavy": ModelRules.objects.filter(queue_turns__gt=1).select_related("organisation"),
        "environment": _environment(level),
    }
    return page(request, level, "backends.html", context)


@at_each_level
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, level: PageLevel) -> HttpResponse:
    """Add a backend."""
    return _edit(request, level, Backend(owner=level.organisation))


@at_each_level
@require_safe
def detail(request: HttpRequest, level: PageLevel, backend_id: int) -> HttpResponse:
    """Show a backend, with its models."""
    backend = find_backend(level, backend_id)
    context = {
        "backend": backend,
        "models": backend.models.all(),
        "problems": problems_of(backend),
        "test_url": level.url("backend_test", backend.pk),
        "remove_url": level.url("backend_remove", backend.pk),
        **_of_jobs(backend),
        "has_key": backend.accesses.filter(organisation=None).exclude(encrypted_key="").exists(),
    }
    return page(request, level, "backends_detail.html", context)


@at_each_level
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, level: PageLevel, backend_id: int) -> HttpResponse:
    """Change a backend, and its key."""
    return _edit(request, level, find_backend(level, backend_id))


@at_each_level
@require_POST
def switch(request: HttpRequest, level: PageLevel, backend_id: int) -> HttpResponse:
    """Disable a backend, or enable it again."""
    backend = find_backend(level, backend_id)
    backend.is_enabled = request.POST.get("is_enabled") == "yes"
    backends.save_backend(backend)
    text = _("The backend %s is disabled.")
    if backend.is_enabled:
        text = _("The backend %s is enabled.")
    messages.success(request, text % backend)
    return redirect(level.url("backend", backend.pk))


@at_each_level
@require_POST
def remove(request: HttpRequest, level: PageLevel, backend_id: int) -> HttpResponse:
    """Delete a backend with its models."""
    backend = find_backend(level, backend_id)
    if has_active_jobs(backend.pk):
        messages.error(
            request, _("Disable the backend first: its jobs then end, after the answers under way.")
        )
        return redirect(level.url("backend", backend.pk))
    backends.delete_backend(backend)
    messages.success(request, _("The backend %s was removed.") % backend)
    return redirect(level.url("backends"))


@organisation_view
@require_POST
def change_rules(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Set which models the instances of an organisation may use, and their default."""
    form = _rules_form(request, organisation)
    level = PageLevel(organisation=organisation)
    if form.is_valid():
        backends.save_rules(form.instance)
        messages.success(request, _("Saved."))
    else:
        messages.error(request, " ".join(str(error) for error in form.errors.values()))
    return redirect(level.url("backends"))


@organisation_view
@require_POST
def change_turns(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Set the turns of an organisation in the queues of the site's backends, for operators."""
    level = PageLevel(organisation=organisation)
    form = _turns_form(request, level)
    if form is None:
        raise Http404
    if form.is_valid():
        backends.save_queue_turns(organisation, form.cleaned_data["turns"])
        messages.success(request, _("Saved."))
    else:
        messages.error(request, " ".join(str(error) for error in form.errors.values()))
    return redirect(level.url("backends"))


@organisation_view
@require_http_methods(["GET", "POST"])
def access(request: HttpRequest, organisation: Organisation, shared_id: int) -> HttpResponse:
    """Set the key by which an organisation uses a backend of the site."""
    level = PageLevel(organisation=organisation)
    backend = find_shared(shared_id)
    own = backend.accesses.filter(organisation=organisation).first()
    form = AccessForm(request.POST or None, instance=own)
    if form.is_valid():
        backends.save_access(backend, organisation, **form.chosen())
        messages.success(request, _("Saved."))
        return redirect(level.url("backends"))
    test_url = level.url("backend_access_test", backend.pk)
    context = {
        "backend": backend,
        "form": form,
        "test_url": test_url,
        "models": backend.models.all(),
    }
    return page(request, level, "backends_access.html", context)


def editable_backends(level: PageLevel) -> QuerySet[Backend]:
    """The backends that are changed at a level: all by operators, its own by an organisation."""
    if level.organisation is None:
        return Backend.objects.all()
    return Backend.objects.filter(owner=level.organisation)


def find_backend(level: PageLevel, backend_id: int) -> Backend:
    """Return a backend that is changed at the level; raises Http404."""
    found = editable_backends(level).select_related("owner", "serving_organisation")
    return get_object_or_404(found, pk=backend_id)


def find_shared(backend_id: int) -> Backend:
    """Return a backend of the site that organisations may use; raises Http404."""
    return get_object_or_404(Backend, owner=None, is_enabled=True, pk=backend_id)


def page(
    request: HttpRequest, level: PageLevel, template: str, context: dict[str, Any]
) -> HttpResponse:
    """Return a page about backends."""
    around = {
        **level.context("backends"),
        "backends_url": level.url("backends"),
        "new_url": level.url("backend_new"),
    }
    return render(request, f"administration/consoles/{template}", around | context)


def _environment(level: PageLevel) -> dict[str, Any] | None:
    """Return what operators see of the backend of the ``LLM_*`` settings, None without one."""
    if level.name != "site" or not settings.LLM_BASE_URL:
        return None
    return {
        "base_url": settings.LLM_BASE_URL,
        "label": settings.LLM_LABEL or settings.LLM_MODEL,
        "model": settings.LLM_MODEL,
        "test_url": level.url("environment_test"),
        "problem": problem_of_environment(),
    }


def _of_jobs(backend: Backend) -> dict[str, Any]:
    """Return what the page shows of the jobs that serve a backend."""
    template = JobTemplate.objects.filter(backend=backend).first()
    return {
        "job_template": template,
        "can_edit_jobs": template is not None or bool(settings.SLURM_COMMAND_PREFIXES),
        "jobs": shown_jobs(template) if template else (),
        "slurm_problem": problem_of(template) if template else None,
    }


def _turns_form(request: HttpRequest, level: PageLevel) -> QueueTurnsForm | None:
    """Return the form of operators at an organisation, None for others and elsewhere."""
    if level.organisation is None or not request.user.is_staff:
        return None
    rules = ModelRules.objects.filter(organisation=level.organisation).first() or ModelRules()
    return QueueTurnsForm(request.POST or None, initial={"turns": rules.queue_turns})


def _rules_form(request: HttpRequest, organisation: Organisation) -> ModelRulesForm:
    of_organisation = ModelRules.objects.filter(organisation=organisation).first()
    rules = of_organisation or ModelRules(organisation=organisation)
    # The models that each of its instances has, whatever their rules.
    names = model_names(Instance(organisation=organisation))
    del names[EXTRACTIVE]
    return ModelRulesForm(request.POST or None, instance=rules, names=names)


def _edit(request: HttpRequest, level: PageLevel, backend: Backend) -> HttpResponse:
    access = BackendAccess.objects.filter(backend=backend.pk, organisation=None).first()
    form = BackendForm(request.POST or None, instance=backend, owner=backend.owner)
    access_form = AccessForm(request.POST or None, instance=access)
    # Both are validated, so that all errors are shown.
    if all([form.is_valid(), access_form.is_valid()]):
        backends.save_backend(backend)
        backends.save_access(backend, None, **access_form.chosen())
        messages.success(request, _("Saved."))
        return redirect(level.url("backend", backend.pk))
    context = {"form": form, "access_form": access_form, "backend": backend}
    return page(request, level, "backends_edit.html", context)
