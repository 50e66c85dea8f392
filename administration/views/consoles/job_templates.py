"""The job template of a backend whose servers are started by Slurm; for operators."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from administration.forms.consoles.job_templates import JobTemplateForm
from administration.levels import PageLevel
from administration.views.consoles.backends import find_backend, page
from inference.models import Backend, JobTemplate, ServerJob
from inference.slurm import by_hand
from inference.slurm.templates import delete_template, save_template
from instances.access.administration import operator_view


@operator_view
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, backend_id: int) -> HttpResponse:
    """Add the template of a backend of the site, or change it."""
    level = PageLevel()
    backend = _find(level, backend_id)
    template = JobTemplate.objects.filter(backend=backend).first()
    if template is None and not settings.SLURM_COMMAND_PREFIXES:
        raise Http404
    form = JobTemplateForm(request.POST or None, instance=template or JobTemplate(backend=backend))
    if form.is_valid():
        save_template(form.instance)
        messages.success(request, _("Saved."))
        return redirect(level.url("backend", backend.pk))
    remove_url = level.url("job_template_remove", backend.pk) if template else ""
    context = {"form": form, "backend": backend, "template": template, "remove_url": remove_url}
    return page(request, level, "job_templates.html", context)


@operator_view
@require_POST
def remove(request: HttpRequest, backend_id: int) -> HttpResponse:
    """Delete the template of a backend, unless it has jobs."""
    level = PageLevel()
    template = get_object_or_404(JobTemplate, backend=_find(level, backend_id))
    if delete_template(template):
        messages.success(request, _("The job template was removed."))
    else:
        messages.error(
            request, _("Disable the backend first: its jobs then end, after the answers under way.")
        )
    return redirect(level.url("backend", backend_id))


@operator_view
@require_POST
def start_job(request: HttpRequest, backend_id: int) -> HttpResponse:
    """Start one more job of a backend."""
    level = PageLevel()
    template = get_object_or_404(JobTemplate, backend=_find(level, backend_id))
    if by_hand.request_job(template):
        messages.success(request, _("The job is being submitted: this takes some seconds."))
    else:
        messages.error(
            request,
            _("No job was started: the backend is disabled, or has its most jobs already."),
        )
    return redirect(level.url("backend", backend_id))


@operator_view
@require_POST
def stop_job(request: HttpRequest, backend_id: int, job_id: int) -> HttpResponse:
    """Stop one job of a backend, after the answers under way."""
    level = PageLevel()
    jobs = ServerJob.objects.filter(template__backend=_find(level, backend_id))
    job = get_object_or_404(jobs.select_related("template__backend"), pk=job_id)
    if by_hand.stop_job(job):
        messages.success(request, _("The job gets no more questions, and ends after its answers."))
    else:
        messages.error(request, _("This job was already ending."))
    return redirect(level.url("backend", backend_id))


def _find(level: PageLevel, backend_id: int) -> Backend:
    """Return a backend of the site that is run by Slurm; raises Http404."""
    backend = find_backend(level, backend_id)
    if backend.owner is not None or not backend.is_run_by_slurm:
        raise Http404
    return backend
