"""Sends spans to the collector at ``OTEL_EXPORTER_OTLP_ENDPOINT`` (OTLP over HTTP).

OpenTelemetry's SDK is imported by the first span of a process, and not while traces are off. A
thread sends the spans in batches: a collector that is slow or away delays nobody, and loses spans.
"""

import logging
import threading
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings

from usage.traces.spans import Span

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

logger = logging.getLogger(__name__)

_NAME = "ragapp"
# Of one batch, with the attempts to send it again: also the longest wait when a process ends.
_TIMEOUT_S = 3.0

_lock = threading.Lock()
# The trace whose root is being created.
_root_of: ContextVar[UUID | None] = ContextVar("root_of", default=None)


def is_enabled() -> bool:
    """Whether the operator has set a collector."""
    return bool(settings.OTEL_EXPORTER_OTLP_ENDPOINT)


def export(request_id: UUID, span: Span, *, is_root: bool = True) -> None:
    """Hand over a span, and those inside it, of the trace of a request; they are sent later.

    Several processes may hand over parts of a trace: with ``is_root`` false, those directly below
    its root. The first span of a process takes a tenth of a second, to import OpenTelemetry. Does
    nothing while traces are off.
    """
    if not is_enabled():
        return
    try:
        _export(request_id, span, is_root)
    except Exception:
        # Nothing may fail for the sake of a trace.
        logger.exception("the trace of %s is lost", request_id)


def shut_down() -> None:
    """Send what is still to be sent, before the process ends."""
    with _lock:
        if _provider.cache_info().currsize:
            _provider().shutdown()
            _provider.cache_clear()


def _export(request_id: UUID, span: Span, is_root: bool) -> None:
    from opentelemetry.context import Context

    with _lock:
        tracer = _provider().get_tracer(_NAME)
    if not is_root:
        _emit(tracer, span, _below_root(request_id))
        return
    reset = _root_of.set(request_id)
    try:
        _emit(tracer, span, Context())
    finally:
        _root_of.reset(reset)


def _emit(tracer: "Tracer", span: Span, context: "Context") -> None:
    from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

    emitted = tracer.start_span(
        span.name,
        context,
        kind=SpanKind.CLIENT if span.is_call else SpanKind.INTERNAL,
        attributes={name: value for name, value in span.attributes.items() if value is not None},
        start_time=span.started_ns,
    )
    if span.error:
        emitted.set_attribute("error.type", span.error)
        emitted.set_status(Status(StatusCode.ERROR))
    _root_of.set(None)
    inside = set_span_in_context(emitted, context)
    for child in span.children:
        _emit(tracer, child, inside)
    emitted.end(max(span.started_ns, span.ended_ns))


def _below_root(request_id: UUID) -> "Context":
    from opentelemetry.context import Context
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    root = SpanContext(
        request_id.int,
        _root_span_id(request_id),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )
    return set_span_in_context(NonRecordingSpan(root), Context())


def _root_span_id(request_id: UUID) -> int:
    return int.from_bytes(request_id.bytes[8:])


@lru_cache(maxsize=1)
def _provider() -> "TracerProvider":
    """Return what sends the spans of this process; after a fork, its thread is started anew."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class RequestIds(RandomIdGenerator):
        """Gives a root the ids of its request, so that every process knows them."""

        def generate_trace_id(self) -> int:
            request_id = _root_of.get()
            return super().generate_trace_id() if request_id is None else request_id.int

        def generate_span_id(self) -> int:
            request_id = _root_of.get()
            return super().generate_span_id() if request_id is None else _root_span_id(request_id)

    provider = TracerProvider(
        resource=Resource.create({"service.name": _NAME}),
        id_generator=RequestIds(),
        shutdown_on_exit=False,
    )
    exporter = OTLPSpanExporter(
        settings.OTEL_EXPORTER_OTLP_ENDPOINT.rstrip("/") + "/v1/traces",
        headers=settings.OTEL_EXPORTER_OTLP_HEADERS,
        timeout=_TIMEOUT_S,
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider
