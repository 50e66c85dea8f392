"""Metrics for Prometheus: counts of the whole site, nothing of any tenant.

Counters are those of all web processes of this machine (``ragapp.web_server``); gauges are read at
each scrape (``ragapp.health.gauges``).
"""

import os
import time
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest
from django.utils.decorators import sync_and_async_middleware
from prometheus_client import REGISTRY, CollectorRegistry, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

from ragapp.health.backend_gauges import BackendCollector
from ragapp.health.gauges import SiteCollector

REQUEST_SECONDS = Histogram(
    "ragapp_request_seconds",
    "Time until a response begins",
    ["view", "method", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


@sync_and_async_middleware
def request_seconds(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Observe each request under the name of its view: paths contain names of tenants."""

    def observe(request: HttpRequest, response: Any, started: float) -> None:
        match = request.resolver_match
        view = match.view_name if match else "none"
        elapsed_s = time.perf_counter() - started
        REQUEST_SECONDS.labels(view, request.method, response.status_code).observe(elapsed_s)

    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> Any:
            started = time.perf_counter()
            response = await get_response(request)
            observe(request, response, started)
            return response

        return middleware

    def sync_middleware(request: HttpRequest) -> Any:
        started = time.perf_counter()
        response = get_response(request)
        observe(request, response, started)
        return response

    return sync_middleware


def registry() -> CollectorRegistry:
    """Return the metrics: of this process, or of all when there are several."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    of_all = CollectorRegistry()
    MultiProcessCollector(of_all)  # type: ignore[no-untyped-call]
    for collector in _COLLECTORS:
        of_all.register(collector)
    return of_all


_COLLECTORS = (SiteCollector(), BackendCollector())
for _collector in _COLLECTORS:
    REGISTRY.register(_collector)
