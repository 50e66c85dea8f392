"""The models of a backend: added, changed, removed."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from administration.forms.consoles.backends import LanguageModelForm
from administration.levels import PageLevel, at_each_level
from administration.views.consoles.backends import find_backend, page
from inference import backends
from inference.models import LanguageModel


@at_each_level
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, level: PageLevel, backend_id: int) -> HttpResponse:
    """Add a model; a link from the connection test fills in what the backend says of it."""
    model = LanguageModel(backend=find_backend(level, backend_id))
    server_id, window = request.GET.get("id", ""), request.GET.get("context_window", "")
    initial = {"server_id": server_id[:200], "label": server_id.rpartition("/")[2][:120]}
    if window.isdecimal():
        initial["context_window"] = window
    return _edit(request, level, model, initial)


@at_each_level
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, level: PageLevel, backend_id: int, model_id: int) -> HttpResponse:
    """Change a model."""
    return _edit(request, level, _find(level, backend_id, model_id), {})


@at_each_level
@require_POST
def remove(request: HttpRequest, level: PageLevel, backend_id: int, model_id: int) -> HttpResponse:
    """Delete a model."""
    model = _find(level, backend_id, model_id)
    backends.delete_model(model)
    messages.success(request, _("The model %s was removed.") % model)
    return redirect(level.url("backend", backend_id))


def _find(level: PageLevel, backend_id: int, model_id: int) -> LanguageModel:
    backend = find_backend(level, backend_id)
    return get_object_or_404(backend.models.select_related("backend__owner"), pk=model_id)


def _edit(
    request: HttpRequest, level: PageLevel, model: LanguageModel, initial: dict[str, str]
) -> HttpResponse:
    form = LanguageModelForm(request.POST or None, instance=model, initial=initial)
    if form.is_valid():
        backends.save_model(model)
        messages.success(request, _("Saved."))
        return redirect(level.url("backend", model.backend_id))
    backend = model.backend
    remove_url = level.url("model_remove", backend.pk, model.pk) if model.pk else ""
    context = {"form": form, "model": model, "backend": backend, "remove_url": remove_url}
    return page(request, level, "language_models_edit.html", context)
