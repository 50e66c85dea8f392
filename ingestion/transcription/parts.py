"""The rows of transcribed parts. Writes are those of an attempt (``ingestion.attempts``)."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import uuid5

from django.utils import timezone

from inference.offered_models import ModelFigures
from inference.transcription.client import Transcription
from ingestion.attempts.costs import add_cost
from ingestion.attempts.locking import Attempt, locked
from ingestion.models import Document, TranscribedPart
from ingestion.parsing.recordings.decoding import SoundPart
from ingestion.transcription.transcript import Transcript, pack, unpack
from instances.tenancy import tenant
from usage.recording import Kind, MeasuredRequest, Outcome, Requester, record_requests

_Status = Document.Status


@dataclass(frozen=True, slots=True)
class Position:
    """Where the next part begins, whether there is none, and the language heard so far."""

    start_ms: int = 0
    is_over: bool = False
    language: str = ""


def position(attempt: Attempt, models: Collection[str]) -> Position:
    """Return where to go on; parts by models that are not among ``models`` are done again."""
    with tenant(attempt.instance_id):
        parts = TranscribedPart.objects.for_instance(attempt.instance_id).filter(
            document=attempt.document_id
        )
        if parts.exclude(model__in=models).exists():
            return Position()
        last = parts.order_by("-start_ms").first()
        language = parts.exclude(language="").order_by("start_ms").first()
    if last is None:
        return Position()
    return Position(last.end_ms, last.is_last, language.language if language else "")


@dataclass(frozen=True, slots=True)
class PartCost:
    """What a part took: the model, the seconds of sound that it was sent, those until it answered,
    and those of our processors for decoding."""

    model: ModelFigures
    audio_seconds: float
    latency_s: float
    decoding_seconds: float


def save(attempt: Attempt, part: SoundPart, heard: Transcription, cost: PartCost) -> None:
    """Keep what was heard in a part, and the progress; the first one replaces earlier parts."""
    with locked(attempt, (_Status.PARSING,)) as document:
        parts = TranscribedPart.objects.filter(document=document)
        parts.filter(start_ms__gte=part.start_ms).delete()
        TranscribedPart.objects.create(
            instance_id=attempt.instance_id,
            document=document,
            start_ms=part.start_ms,
            end_ms=part.end_ms,
            is_last=part.is_last,
            model=cost.model.id,
            segments=pack(heard, part.start_ms),
            language=heard.language,
        )
        end_s = -(-part.end_ms // 1000)
        known_s = -(-part.duration_ms // 1000)
        document.transcribed_s = end_s
        document.duration_s = end_s if part.is_last else max(end_s, known_s)
        document.title = document.title or part.title
        # The file is not what ended a worker: each part is decoded in a child of its own.
        document.retries = document.interruptions = 0
        document.worker_seen_at = timezone.now()
        document.save(
            update_fields=[
                *("transcribed_s", "duration_s", "title", "retries", "interruptions"),
                *("worker_seen_at", "updated_at"),
            ]
        )
        add_cost(document, cpu_seconds=cost.decoding_seconds)
        if cost.audio_seconds:
            _record(document, part, heard, cost)


def transcript_of(document: Document) -> Transcript:
    """Return what is said in a recording so far. Inside ``tenant(instance)``."""
    parts = TranscribedPart.objects.for_instance(document.instance_id).filter(document=document)
    return unpack(list(parts.order_by("start_ms").values_list("segments", flat=True)))


def _record(document: Document, part: SoundPart, heard: Transcription, cost: PartCost) -> None:
    """Record what a part cost, once, also when the worker dies before it goes on."""
    request = MeasuredRequest(
        kind=Kind.TRANSCRIPTION,
        outcome=Outcome.COMPLETE,
        model_id=cost.model.id,
        llm=cost.model,
        is_local=heard.processor_seconds is not None,
        cpu_seconds=heard.processor_seconds or 0.0,
        audio_seconds=cost.audio_seconds,
        total_ms=1000 * cost.latency_s,
    )
    requester = Requester(instance_id=document.instance_id, user_id=document.uploaded_by_id)
    request_id = uuid5(Attempt.of(document).request_id, f"part {part.start_ms}")
    record_requests([request], request_id=request_id, requester=requester)
