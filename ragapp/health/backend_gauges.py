"""Gauges of the backends of language models, read when Prometheus scrapes.

The name of a backend is told for those of the site only: organisations name theirs themselves.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from inference.catalogue_rows import current_rows
from inference.errors import ModelNotFound
from inference.health import Health, healths_of
from inference.llm.backend import ChatBackend
from inference.models import LanguageModel
from inference.offered_models import ENVIRONMENT, Access, connection_of_environment, connection_to
from inference.queueing.fair_queue import BackendQueue
from inference.queueing.loads import loads_of
from inference.request_metrics import OWN_MODEL


@dataclass(frozen=True, slots=True)
class Connection:
    """A model at a backend, as one key reaches it."""

    backend: str
    model: str
    connection: ChatBackend

    @property
    def queue(self) -> BackendQueue:
        """The queue of the backend (``inference.routing.queue_of``)."""
        is_row = self.backend != ENVIRONMENT
        name = self.backend if is_row else self.connection.base_url
        connection = self.connection
        return BackendQueue(name, connection.max_concurrency, jobs_of=connection.jobs_of)


class BackendCollector(Collector):
    """Queues, slots and circuit breakers of the enabled backends."""

    def describe(self) -> Iterable[Metric]:
        """Return nothing, so that no query runs before the first scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read the gauges now."""
        connections = list(connections_in_use())
        yield _names()
        yield from _queues({each.queue: each.backend for each in connections})
        yield from _breakers(connections)


def connections_in_use() -> Iterator[Connection]:
    """Yield the models of enabled backends, once for each key that organisations have there."""
    if (of_settings := connection_of_environment()) is not None:
        yield Connection(ENVIRONMENT, of_settings.model, of_settings)
    rows = current_rows()
    for model in rows.models:
        keys = [key for (number, _who), key in rows.accesses.items() if number == model.backend_id]
        for access in keys or [Access()]:
            connection = connection_to(model.backend, model.server_id, access)
            yield Connection(str(model.backend_id), _label(model), connection)


def _label(model: LanguageModel) -> str:
    return OWN_MODEL if model.backend.owner_id is not None else model.alias


def _names() -> Metric:
    info = GaugeMetricFamily(
        "ragapp_backend_info",
        "Names of the backends of the site",
        labels=["backend", "name", "kind"],
    )
    backends = {model.backend_id: model.backend for model in current_rows().models}
    for number, backend in sorted(backends.items()):
        if backend.owner_id is None:
            info.add_metric([str(number), backend.name, backend.kind], 1)
    return info


def _queues(queues: dict[BackendQueue, str]) -> Iterator[Metric]:
    """Yield nothing while Valkey cannot be reached."""
    loads = loads_of(queues)
    gauges = {
        name: GaugeMetricFamily(f"ragapp_backend_{name}", text, labels=["backend"])
        for name, text in (
            ("slots", "Answers that the backend gives at a time"),
            ("slots_in_use", "Answers under way"),
            ("queue_length", "Requests that wait for a slot"),
            ("expected_wait_seconds", "Longest expected wait of one more request"),
        )
    }
    for queue, load in loads.items():
        values = (queue.slots().count, load.n_held, load.n_waiting, load.wait_s)
        for gauge, value in zip(gauges.values(), values, strict=True):
            if value is not None:
                gauge.add_metric([queues[queue]], value)
    yield from gauges.values()


def _breakers(connections: Sequence[Connection]) -> Iterator[Metric]:
    """Yield the state of each model, the worst of those of its keys."""
    worst: dict[tuple[str, str], Health] = {}
    states = healths_of([each.connection for each in connections])
    for each, health in zip(connections, states, strict=True):
        known = worst.get((each.backend, each.model))
        if known is None or health.failed_at > known.failed_at:
            worst[each.backend, each.model] = health
    labels = ["backend", "model"]
    is_open = GaugeMetricFamily(
        "ragapp_backend_circuit_open", "1 while requests are held back", labels=labels
    )
    failures = GaugeMetricFamily(
        "ragapp_backend_consecutive_failures", "Failures since the last answer", labels=labels
    )
    retired = GaugeMetricFamily(
        "ragapp_backend_model_retired", "1 if the id is no longer served", labels=labels
    )
    for names, health in worst.items():
        is_open.add_metric(names, health.is_open)
        failures.add_metric(names, health.failures)
        retired.add_metric(names, health.code == ModelNotFound.code)
    yield from (is_open, failures, retired)
