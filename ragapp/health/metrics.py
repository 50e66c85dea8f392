"""Metrics for Prometheus: counts of the whole site, nothing of any tenant.

Counters are those of all web processes of this machine (``ragapp.web_server``); the gauges are read
at each scrape, documents at most once a minute.
"""

import os
import time
from collections.abc import Callable, Iterable
from inspect import iscoroutinefunction
from typing import Any

from django.core.cache import cache
from django.db.models import Sum
from django.http import HttpRequest
from django.utils.decorators import sync_and_async_middleware
from kombu.exceptions import OperationalError
from prometheus_client import REGISTRY, CollectorRegistry, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ingestion.models import Document
from instances.across_instances import call_function
from instances.models import InstanceTotals
from ragapp.celery import app
from ragapp.health.readiness import QUEUES

DOCUMENTS_CACHED_S = 60

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


class SiteCollector(Collector):
    """Documents by status, and how many tasks wait in each queue."""

    def describe(self) -> Iterable[Metric]:
        """Return nothing, so that no query runs before the first scrape."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Read the gauges now."""
        documents = GaugeMetricFamily(
            "ragapp_documents", "Documents of all instances", labels=["status"]
        )
        for status, count in documents_by_status().items():
            documents.add_metric([status], count)
        yield documents
        queues = GaugeMetricFamily("ragapp_queue_length", "Tasks that wait", labels=["queue"])
        for queue, length in queue_lengths().items():
            queues.add_metric([queue], length)
        yield queues


def documents_by_status() -> dict[str, int]:
    """Count all documents: those that are not ready by an index, the others from totals."""
    counts: dict[str, int] | None = cache.get("metrics-documents")
    if counts is None:
        counts = dict.fromkeys(Document.Status.values, 0) | dict(
            call_function("documents_not_ready")
        )
        documents = InstanceTotals.objects.aggregate(total=Sum("documents"))["total"] or 0
        counts[Document.Status.READY] = documents - sum(counts.values())
        cache.set("metrics-documents", counts, DOCUMENTS_CACHED_S)
    return counts


def queue_lengths() -> dict[str, int]:
    """Tasks waiting in each queue; empty when the broker does not answer."""
    lengths = {}
    try:
        with app.connection_for_read() as broker:
            broker.ensure_connection(max_retries=1, timeout=2)
            for queue in sorted({*QUEUES, app.conf.task_default_queue}):
                # Declared, so that a queue that does not exist yet counts 0.
                lengths[queue] = app.amqp.queues[queue](broker.default_channel).queue_declare()[1]
    except (OperationalError, OSError):
        return {}
    return lengths


def registry() -> CollectorRegistry:
    """Return the metrics: of this process, or of all when there are several."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    of_all = CollectorRegistry()
    MultiProcessCollector(of_all)  # type: ignore[no-untyped-call]
    of_all.register(SiteCollector())
    return of_all


REGISTRY.register(SiteCollector())
