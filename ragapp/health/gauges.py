"""Gauges of the whole site, read when Prometheus scrapes; those of the database once a minute."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.db.models import Sum
from django.utils import timezone
from kombu.exceptions import OperationalError
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingestion.models import Document
from instances.across_instances import call_function
from instances.models import InstanceTotals
from ragapp.celery import app
from ragapp.health.readiness import QUEUES
from sources.models import SourceRun

CACHED_S = 60
_KEY = "metrics-of-database"
_OLDEST = """
SELECT status, extract(epoch FROM now() - min(queued_at))::float8
FROM unfinished_documents() GROUP BY status
"""


@dataclass(frozen=True, slots=True)
class DatabaseCounts:
    """What is counted in the database."""

    # By status; the ages are in seconds, of the oldest that waits in a status.
    documents: Mapping[str, int]
    oldest_s: Mapping[str, float]
    to_embed_again: int
    # Of the last day, by status; sources whose last run failed.
    source_runs: Mapping[str, int]
    failing_sources: int
    sessions: int


class SiteCollector(Collector):
    """Documents, sources, sessions, and the tasks that wait for workers."""

    def describe(self) -> Iterable[Metric]:
        """Return nothing, so that no query runs before the first scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read the gauges now."""
        counts = _counts()
        yield _by_label(
            "ragapp_documents", "Documents of all instances", "status", counts.documents
        )
        yield _by_label(
            "ragapp_ingestion_oldest_seconds",
            "Age of the oldest document that is in this status",
            "status",
            counts.oldest_s,
        )
        yield _single(
            "ragapp_instances_to_embed_again",
            "Instances with documents of another embedding model than the one in use",
            counts.to_embed_again,
        )
        yield _by_label(
            "ragapp_source_runs", "Runs of sources in the last day", "status", counts.source_runs
        )
        yield _single(
            "ragapp_sources_failing", "Sources whose last run failed", counts.failing_sources
        )
        yield _single("ragapp_sessions", "Sessions that have not expired", counts.sessions)
        yield _by_label("ragapp_queue_length", "Tasks that wait", "queue", queue_lengths())


def all_queues() -> list[str]:
    """Return the names of the queues that workers serve."""
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    return sorted({*QUEUES, *routed, app.conf.task_default_queue})


def queue_lengths() -> dict[str, int]:
    """Tasks waiting in each queue; empty when the broker does not answer."""
    lengths = {}
    try:
        with app.connection_for_read() as broker:
            broker.ensure_connection(max_retries=1, timeout=2)
            for queue in all_queues():
                # Declared, so that a queue that does not exist yet counts 0.
                lengths[queue] = app.amqp.queues[queue](broker.default_channel).queue_declare()[1]
    except (OperationalError, OSError):
        return {}
    return lengths


def _counts() -> DatabaseCounts:
    counts: DatabaseCounts | None = cache.get(_KEY)
    if counts is None:
        counts = _count()
        cache.set(_KEY, counts, CACHED_S)
    return counts


def _count() -> DatabaseCounts:
    """Count all documents: those that are not ready by an index, the others from totals."""
    now = timezone.now()
    documents = dict.fromkeys(Document.Status.values, 0) | dict(
        call_function("documents_not_ready")
    )
    total = InstanceTotals.objects.aggregate(total=Sum("documents"))["total"] or 0
    documents[Document.Status.READY] = total - sum(documents.values())
    runs = dict(call_function("source_runs_since", now - timedelta(days=1)))
    ((failing,),) = call_function("failing_sources")
    return DatabaseCounts(
        documents=documents,
        oldest_s=_oldest_s(),
        to_embed_again=len(call_function("instances_embedded_otherwise", settings.EMBEDDING_MODEL)),
        source_runs=dict.fromkeys(SourceRun.Status.values, 0) | runs,
        failing_sources=failing,
        sessions=Session.objects.filter(expire_date__gt=now).count(),
    )


def _oldest_s() -> dict[str, float]:
    """Return the age of the oldest document of each status on the way; 0 for none."""
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST)
        found = dict(cursor.fetchall())
    on_the_way = (Document.Status.QUEUED, Document.Status.PARSING, Document.Status.EMBEDDING)
    return {status.value: found.get(status.value, 0.0) for status in on_the_way}


def _by_label(name: str, text: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, text, labels=[label])
    for value, number in values.items():
        gauge.add_metric([value], number)
    return gauge


def _single(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
