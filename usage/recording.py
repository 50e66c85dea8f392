"""Writes the ``UsageRecord`` of each request (decision 025)."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self
from uuid import UUID

from django.db import connection

from inference.offered_models import ModelFigures
from inference.request_metrics import count_answer
from inference.token_usage import TokenUsage
from usage.impact import (
    Impact,
    llm_impact,
    local_impact,
    reading_impact,
    transcription_impact,
)
from usage.models import UsageRecord
from usage.prices import CURRENCY, cost_of
from usage.quotas.charging import settle
from usage.quotas.subjects import QuotaHolder
from usage.requesters import requester_columns
from usage.subjects.classifier import UNCLASSIFIED, Subject
from web.postgresql.prepared import as_parameter, prepared_cursor
from web.postgresql.prepared_insert import PreparedInsert

Kind = UsageRecord.Kind
Outcome = UsageRecord.Outcome

# The columns that a later record of the same request replaces.
_FIGURES = [
    field.name
    for field in UsageRecord._meta.concrete_fields
    if field.name not in {"id", "instance", "request_id", "kind", "created_at"}
]
_WHO = {
    *("organisation", "cost_centre", "charged_organisation", "charged_cost_centre", "user"),
    *("pseudonym", "affiliation", "trade", "api_key"),
}
# Of these, the columns that say neither who asked nor who pays.
_KNOWN_LATER = [
    field.column
    for field in UsageRecord._meta.concrete_fields
    if field.name in _FIGURES and field.name not in _WHO
]
# Kinds of requests to models that write nothing.
_READING = (Kind.VECTORS, Kind.RERANK, Kind.ENTAILMENT)
_OF_IMPACT = [field.name for field in fields(Impact)]
_CHANGES = ", ".join(f"{column} = %({column})s" for column in _KNOWN_LATER)
_PROGRESS = f"""
UPDATE usage_usagerecord SET {_CHANGES}
WHERE instance_id = %(instance_id)s AND request_id = %(request_id)s AND kind = %(kind)s
  AND total_ms < %(total_ms)s
"""  # noqa: S608 (names of our models)
# A request is recorded once.
_ADDING = PreparedInsert(UsageRecord, unique=["request_id", "kind"])
_REPLACING = PreparedInsert(UsageRecord, unique=["request_id", "kind"], replaced=_FIGURES)


@dataclass(frozen=True, slots=True)
class AvoidedRequest:
    """What the record of an earlier answer says, which was given again instead of a new one."""

    energy_wh: float
    method: str
    method_version: str

    @classmethod
    def of(cls, record: UsageRecord) -> Self:
        """Return the figures of a record."""
        return cls(record.energy_wh, record.method, record.method_version)


@dataclass(frozen=True, slots=True)
class FrugalStep:
    """Whether an answer is a frugal first one or on demand, and the model of the other."""

    step: str
    other_model: str


@dataclass(frozen=True, slots=True)
class CheckedSentences:
    """How many sentences of an answer were checked, were not supported, and had moved citations."""

    checked: int = 0
    unsupported: int = 0
    moved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRequest:
    """One request to a model, with what it spent.

    ``llm`` is the model of another server that spent ``tokens``, or heard ``audio_seconds``; None
    for work of our own machines, which took ``cpu_seconds``, as do models that ran here
    (``is_local``). ``latency_s`` is the time in which the language model answered.
    ``avoided`` is of an answer that was given again, which spends nothing itself.
    """

    kind: Kind
    outcome: Outcome
    model_id: str
    is_extractive: bool = False
    llm: ModelFigures | None = None
    is_local: bool = False
    tokens: TokenUsage | None = None
    latency_s: float | None = None
    cpu_seconds: float = 0.0
    pages: int = 0
    passages: int = 0
    audio_seconds: float = 0.0
    # Of the total time: waiting for a slot of a backend.
    queue_ms: float = 0.0
    retrieval_ms: float = 0.0
    first_token_ms: float | None = None
    total_ms: float = 0.0
    subject: Subject = UNCLASSIFIED
    avoided: AvoidedRequest | None = None
    frugal_step: FrugalStep | None = None
    sentences: CheckedSentences = CheckedSentences()


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """The instance, and the person or the API key for whom a request was made."""

    instance_id: int
    user_id: int | None = None
    api_key_id: int | None = None

    @classmethod
    def of_holder(cls, holder: QuotaHolder) -> Self:
        """Return the requester of a request of a person, or with a key, which may be a person's."""
        return cls(instance_id=holder.instance.pk, user_id=holder.user_id, api_key_id=holder.key_id)


def vectors_request(
    server: ModelFigures, model_id: str, *, tokens: TokenUsage | None, passages: int = 0
) -> MeasuredRequest:
    """Return what a server other than ours embedded, beside the request for which it did."""
    return MeasuredRequest(
        kind=Kind.VECTORS,
        outcome=Outcome.COMPLETE,
        model_id=model_id,
        llm=server,
        tokens=tokens,
        passages=passages,
    )


def impact_of(request: MeasuredRequest) -> Impact:
    """Return the footprint of a request: of another server if one worked, else our processors'."""
    if request.llm is not None and not request.is_local:
        if request.kind == Kind.TRANSCRIPTION:
            return transcription_impact(request.llm, request.audio_seconds)
        if request.kind in _READING and request.tokens is not None:
            return reading_impact(request.llm, request.tokens)
    if request.llm is None or request.tokens is None:
        return local_impact(cpu_seconds=request.cpu_seconds)
    return llm_impact(request.llm, request.tokens, latency_s=request.latency_s)


def new_record(request: MeasuredRequest, request_id: UUID) -> UsageRecord:
    """Return the record of a request, not saved and without its requester."""
    impact = impact_of(request)
    record = UsageRecord(
        request_id=request_id,
        kind=request.kind,
        outcome=request.outcome,
        model=request.model_id,
        is_extractive=request.is_extractive,
        queue_ms=round(request.queue_ms),
        retrieval_ms=round(request.retrieval_ms),
        first_token_ms=None if request.first_token_ms is None else round(request.first_token_ms),
        total_ms=round(request.total_ms),
        cpu_seconds=request.cpu_seconds,
        pages=request.pages,
        passages=request.passages,
        audio_seconds=request.audio_seconds,
        subject=request.subject.division,
        subject_margin=request.subject.margin,
        checked_sentences=request.sentences.checked,
        unsupported_sentences=request.sentences.unsupported,
        moved_citations=request.sentences.moved,
        **{name: getattr(impact, name) for name in _OF_IMPACT},
    )
    if (tokens := request.tokens) is not None:
        record.prompt_tokens = tokens.prompt_tokens
        record.cached_tokens = tokens.cached_tokens
        record.completion_tokens = tokens.completion_tokens
        record.reasoning_tokens = tokens.reasoning_tokens
        record.tokens_estimated = tokens.estimated
        record.backend_energy_wh = tokens.backend_energy_wh
        record.backend_gco2e = tokens.backend_gco2e
        record.backend_cost = tokens.backend_cost
    if (frugal := request.frugal_step) is not None:
        record.frugal_step, record.other_model = frugal.step, frugal.other_model
    if (avoided := request.avoided) is not None:
        # The method is that of what was avoided: figures of different methods are not added up.
        record.avoided_wh = avoided.energy_wh
        record.method, record.method_version = avoided.method, avoided.method_version
    if (llm := request.llm) is not None:
        record.backend_id, record.backend_name = llm.backend_id, llm.backend_name
        record.serving_organisation_id = llm.serving_organisation_id
        record.cost = cost_of(llm, request.tokens)
        record.currency = CURRENCY if record.cost is not None else ""
    return record


def record_requests(
    requests: Sequence[MeasuredRequest],
    *,
    request_id: UUID,
    requester: Requester,
    replace: bool = True,
) -> list[UsageRecord]:
    """Record the requests of one question, each once, also when called again.

    New figures replace those of earlier records, unless ``replace`` is false. Settles the quotas
    that the question has reserved. Runs inside ``tenant(instance)``.
    """
    shared = _columns_of(requester)
    records = []
    for request in requests:
        record = new_record(request, request_id)
        for name, value in shared.items():
            setattr(record, name, value)
        records.append(record)
        if request.kind == Kind.ANSWER:
            count_answer(request.llm, request.outcome, is_extractive=request.is_extractive)
    (_REPLACING if replace else _ADDING).insert(records)
    settle(requester.instance_id, request_id)
    return records


def record_beginning(*requests: MeasuredRequest, request_id: UUID, requester: Requester) -> None:
    """Record requests of a question that has not ended; they stay if the process dies.

    ``record_requests`` replaces them at the end, and settles quotas. Runs inside
    ``tenant(instance)``.
    """
    shared = _columns_of(requester)
    if "organisation_id" in shared:
        records = [new_record(request, request_id) for request in requests]
        for record in records:
            for name, value in shared.items():
                setattr(record, name, value)
        _ADDING.insert(records)


def record_progress(request: MeasuredRequest, *, request_id: UUID, requester: Requester) -> None:
    """Record what is known of a request that began (``record_beginning``) and has not ended.

    After ``record_requests``, a late call changes nothing. Runs inside ``tenant(instance)``.
    """
    record = new_record(request, request_id)
    record.instance_id = requester.instance_id
    values = {
        str(field.column): as_parameter(
            field.get_db_prep_save(getattr(record, field.attname), connection)
        )
        for field in UsageRecord._meta.concrete_fields
    }
    with prepared_cursor() as cursor:
        cursor.execute(_PROGRESS, values)


def _columns_of(requester: Requester) -> dict[str, Any]:
    return requester_columns(
        requester.instance_id, user_id=requester.user_id, api_key_id=requester.api_key_id
    )
