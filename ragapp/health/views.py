"""Addresses for monitoring, and the icon."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ragapp.health.metrics import registry
from ragapp.health.metrics_access import may_read_metrics
from ragapp.health.readiness import readiness


@require_safe
def favicon(request: HttpRequest) -> HttpResponseRedirect:
    """Redirect browsers that ask for /favicon.ico to the SVG icon."""
    return HttpResponseRedirect(static("favicon.svg"))


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 while the process lives, whatever else does."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
async def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when database, broker, worker and model server answer; else 503, naming which."""
    parts = await readiness()
    missing = [name for name, is_ready in parts.items() if not is_ready]
    body = {"status": "unavailable" if missing else "ready", "missing": missing, "parts": parts}
    return JsonResponse(body, status=503 if missing else 200)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics to clients of an allowed network or with the token; else 404."""
    if not may_read_metrics(request):
        raise Http404
    return HttpResponse(generate_latest(registry()), content_type=CONTENT_TYPE_LATEST)
