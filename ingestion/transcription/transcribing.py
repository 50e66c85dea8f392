"""Transcribe a recording part after part, for the time of a turn."""

import time
from collections.abc import Sequence
from threading import Event
from typing import IO

from django.conf import settings

from inference import health
from inference.catalogue import transcribers
from inference.errors import BackendUnavailable, InferenceError
from inference.llm.backend import ChatBackend
from inference.offered_models import ModelFigures, OfferedModel
from inference.queueing.job_servers import connections_to
from inference.transcription.client import (
    Speech,
    Transcription,
    TranscriptionCancelled,
    transcribe,
)
from ingestion import storage
from ingestion.attempts.locking import Attempt
from ingestion.errors import NoTranscriber, ParseCancelled, RecordingNotCleared
from ingestion.models import Document
from ingestion.parsing.limits import MIB, ParseLimits
from ingestion.parsing.recordings.decoding import SoundPart
from ingestion.sandbox import SoundRequest, load_sound, run_in_child
from ingestion.transcription import parts

# Then other documents have their turn (``ingestion.turns``).
TURN_S = 10.0
# Opening a file of a bucket fetches it whole: a turn is some times as long as that took, but ends
# well before the time limit of the task.
_TURN_PER_OPENING, _LONGEST_TURN_S = 4, 300.0
_MAX_RESULT_BYTES = 8 * MIB
_NOTHING = Transcription((), "")


def transcribe_recording(attempt: Attempt, document: Document, cancelled: Event) -> bool:
    """Transcribe the next parts of a recording, for a turn; return whether none is left.

    Raises ``NoTranscriber``, ``RecordingNotCleared``, the errors of ``run_in_child``,
    InferenceError and ``StaleAttempt``.
    """
    models = _cleared_models(document)
    place = parts.position(attempt, [model.id for model in models])
    began = time.monotonic()
    with storage.opened(document.file) as content:
        opened = time.monotonic()
        deadline = opened + turn_s(opened - began)
        while not place.is_over:
            _transcribe_next(attempt, document, content, models, place, cancelled)
            place = parts.position(attempt, [model.id for model in models])
            if time.monotonic() >= deadline:
                break
    return place.is_over


def turn_s(opening_s: float) -> float:
    """Return the seconds of a turn, for a file that took ``opening_s`` to open."""
    return max(TURN_S, min(_TURN_PER_OPENING * opening_s, _LONGEST_TURN_S))


def _cleared_models(document: Document) -> list[OfferedModel]:
    models = transcribers(document.instance)
    if not models:
        raise NoTranscriber("no backend has a model that transcribes")
    cleared = [model for model in models if model.clearance.covers(document.level)]
    if not cleared:
        raise RecordingNotCleared(f"no model that transcribes may receive {document.level.value}")
    return cleared


def _transcribe_next(
    attempt: Attempt,
    document: Document,
    content: IO[bytes],
    models: Sequence[OfferedModel],
    place: parts.Position,
    cancelled: Event,
) -> None:
    part, decoding_seconds = _decoded(document, content, place.start_ms, cancelled)
    speech = Speech(part.samples, document.level, settings.TRANSCRIPTION_LANGUAGE or place.language)
    began = time.monotonic()
    if part.samples:
        model, heard = _heard(models, speech, cancelled)
    else:
        model, heard = models[0].figures, _NOTHING
    cost = parts.PartCost(model, speech.seconds, time.monotonic() - began, decoding_seconds)
    parts.save(attempt, part, heard, cost)


def _decoded(
    document: Document, content: IO[bytes], start_ms: int, cancelled: Event
) -> tuple[SoundPart, float]:
    return run_in_child(
        content,
        request=SoundRequest(
            media_type=document.media_type,
            start_ms=start_ms,
            limits=ParseLimits(
                memory_bytes=settings.PARSE_MEMORY_BYTES,
                cpu_seconds=settings.PARSE_CPU_SECONDS,
                max_result_bytes=_MAX_RESULT_BYTES,
            ),
        ),
        load=load_sound,
        is_cancelled=cancelled.is_set,
        require_protections=settings.SANDBOX_REQUIRED,
    )


def _heard(
    models: Sequence[OfferedModel], speech: Speech, cancelled: Event
) -> tuple[ModelFigures, Transcription]:
    """Return what the first model that answers has heard; raises the error of the last one."""
    error: InferenceError = BackendUnavailable("every model that transcribes has failed recently")
    for model in models:
        for connection in _connections(model):
            if health.health_of(connection).is_open:
                continue
            try:
                heard = transcribe(connection, speech, is_cancelled=cancelled.is_set)
            except TranscriptionCancelled as reason:
                raise ParseCancelled("while it was transcribed") from reason
            except InferenceError as failure:
                health.failed(connection, failure)
                error = failure
            else:
                health.succeeded(connection)
                return model.figures, heard
    raise error


def _connections(model: OfferedModel) -> list[ChatBackend]:
    return [] if model.backend is None else connections_to(model.backend)
