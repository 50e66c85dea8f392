"""Writes the ``UsageRecord`` of each request (decision 025)."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self
from uuid import UUID

from django.db import connection
from django.db.models import BigIntegerField, Exists, QuerySet, Subquery
from prometheus_client import Counter

from inference.offered_models import ModelFigures
from inference.token_usage import TokenUsage
from instances.models import ApiKey, Identity, Instance
from people.models import User
from usage.impact import Impact, llm_impact, local_impact
from usage.models import UsageRecord
from usage.occupations import affiliation_of, trade_of
from usage.prices import CURRENCY, cost_of
from usage.quotas.charging import settle
from usage.subjects.classifier import UNCLASSIFIED, Subject
from web.postgresql.prepared import Parameter, PreparedQuery, as_parameter, prepared_cursor
from web.postgresql.prepared_insert import PreparedInsert

ANSWERS = Counter("ragapp_answers", "Answers given, of this process", ["model", "status"])

Kind = UsageRecord.Kind
Outcome = UsageRecord.Outcome

# The columns that a later record of the same request replaces.
_FIGURES = [
    field.name
    for field in UsageRecord._meta.concrete_fields
    if field.name not in {"id", "instance", "request_id", "kind", "created_at"}
]
# Of these, the columns that say neither who asked nor who pays.
_KNOWN_LATER = [
    field.column
    for field in UsageRecord._meta.concrete_fields
    if field.name in _FIGURES
    and field.name not in {"organisation", "cost_centre", "user", "pseudonym", "api_key"}
]
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

    ``llm`` is the language model that spent ``tokens``; None for work of our own machines, which
    took ``cpu_seconds``. ``latency_s`` is the time in which the language model answered.
    ``avoided`` is of an answer that was given again, which spends nothing itself.
    """

    kind: Kind
    outcome: Outcome
    model_id: str
    is_extractive: bool = False
    llm: ModelFigures | None = None
    tokens: TokenUsage | None = None
    latency_s: float | None = None
    cpu_seconds: float = 0.0
    pages: int = 0
    passages: int = 0
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
    def of_key(cls, key: ApiKey) -> Self:
        """Return the requester of a request with a key, which may belong to a person."""
        return cls(instance_id=key.instance_id, user_id=key.created_by_id, api_key_id=key.pk)


def impact_of(request: MeasuredRequest) -> Impact:
    """Return the footprint of a request: the LLM's when it spent tokens, else our processors'."""
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
    shared = _shared_columns(requester)
    records = []
    for request in requests:
        record = new_record(request, request_id)
        for name, value in shared.items():
            setattr(record, name, value)
        records.append(record)
        if request.kind == Kind.ANSWER:
            ANSWERS.labels(model=request.model_id, status=request.outcome).inc()
    (_REPLACING if replace else _ADDING).insert(records)
    settle(requester.instance_id, request_id)
    return records


def record_beginning(request: MeasuredRequest, *, request_id: UUID, requester: Requester) -> None:
    """Record a request that has just begun; the record stays if the process dies.

    ``record_requests`` replaces it at the end. Runs inside ``tenant(instance)``.
    """
    shared = _shared_columns(requester)
    if "organisation_id" in shared:
        record = new_record(request, request_id)
        for name, value in shared.items():
            setattr(record, name, value)
        _ADDING.insert([record])


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


def _shared_columns(requester: Requester) -> dict[str, Any]:
    """Return who asked and who pays; a deleted person, key or instance is left out."""
    # No row has the key 0.
    found = _REQUESTER.rows(
        instance_id=requester.instance_id,
        user_id=requester.user_id or 0,
        key_id=requester.api_key_id or 0,
    )
    columns: dict[str, Any] = {"instance_id": requester.instance_id}
    if not found:
        return columns
    ((organisation_id, cost_centre, default, *person),) = found
    pseudonym, has_key, affiliations, attributes = person
    return columns | {
        "organisation_id": organisation_id,
        "cost_centre": cost_centre or default,
        "user_id": requester.user_id if pseudonym else None,
        "pseudonym": pseudonym,
        "affiliation": affiliation_of(affiliations or []),
        "trade": trade_of(attributes or {}),
        "api_key_id": requester.api_key_id if has_key else None,
    }


def _requester_columns(
    instance_id: Parameter, user_id: Parameter, key_id: Parameter
) -> QuerySet[Instance, tuple[Any, ...]]:
    person = User.objects.filter(pk=user_id)
    key = ApiKey.objects.filter(pk=key_id)
    # Of the last login: other institutions may have released something else before.
    identity = Identity.objects.filter(user=user_id).order_by("-asserted_at")[:1]
    return (
        Instance.objects.filter(pk=instance_id)
        .annotate(
            pseudonym=Subquery(person.values("pseudonym")),
            has_key=Exists(key),
            affiliations=Subquery(identity.values("affiliations")),
            attributes=Subquery(identity.values("attributes")),
        )
        .values_list(
            *("organisation_id", "cost_centre", "organisation__cost_centre", "pseudonym"),
            *("has_key", "affiliations", "attributes"),
        )
        .order_by()
    )


_REQUESTER = PreparedQuery(
    _requester_columns,
    instance_id=BigIntegerField(),
    user_id=BigIntegerField(),
    key_id=BigIntegerField(),
)
