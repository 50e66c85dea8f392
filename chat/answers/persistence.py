"""Reads and writes answers in the database.

All functions run inside ``tenant(instance)``. Objects to which an answer refers (its conversation,
documents, the person) may be deleted at any time. The writing functions leave out deleted objects;
they raise IntegrityError when one is deleted between the check and the commit
(``chat.answers.saving`` then calls them again).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.utils import timezone
from psycopg.types.json import Jsonb

from chat.answers.abandoned import INTERRUPTED, close_abandoned
from chat.answers.citations import citation_of, cited_passages
from chat.answers.measured_requests import measured_requests, requests_before
from chat.answers.result import AnswerResult
from chat.answers.reuse import remember
from chat.answers.verification.messages import to_json
from chat.models import Citation, Message
from instances.models import Instance
from retrieval.filters.wording import filter_data
from retrieval.search import RetrievedChunk
from usage.models import AnswerStatus
from usage.quotas.charging import renew
from usage.recording import Requester, record_beginning, record_progress, record_requests
from usage.request_costs import RequestCost, request_costs
from web.postgresql.prepared import as_parameter, prepared_cursor
from web.postgresql.prepared_insert import PreparedInsert

_PASSAGE_FIELDS = [
    field.name
    for field in Citation._meta.concrete_fields
    if field.name not in {"id", "instance", "message", "number"}
]
_CITATIONS = PreparedInsert(Citation, unique=["message", "number"], replaced=_PASSAGE_FIELDS)
# Being written, or closed as interrupted while the database was away.
_UNFINISHED = (
    f"(status = '{AnswerStatus.STREAMING}' OR error_code = '{INTERRUPTED}') AND NOT stop_requested"
)
_ANY = "true"
_SOURCES = """
SELECT ARRAY(SELECT id FROM ingestion_document WHERE id = ANY(%s)),
       ARRAY(SELECT id FROM ingestion_chunk WHERE id = ANY(%s))
"""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer, its passages, and its cost (None until it has ended)."""

    message: Message
    citations: tuple[Citation, ...]
    cost: RequestCost | None
    # When the answer that this one repeats was given.
    repeated_at: datetime | None = None

    @classmethod
    def of(cls, message: Message, cost: RequestCost | None) -> Self:
        """Return a message that was read with the one that it ``repeats``."""
        repeated_at = message.repeats.created_at if message.repeats else None
        return cls(message, tuple(message.citations.all()), cost, repeated_at)

    @classmethod
    def of_result(cls, result: AnswerResult, cost: RequestCost) -> Self:
        """Return an answer that has ended, with the passages that it cites."""
        message = Message(
            status=result.status,
            content=result.text,
            model=result.model_id,
            error_code=result.error_code,
            verification=to_json(result.verification),
            filters=filter_data(result.filter),
        )
        repeated_at = result.reused.answered_at if result.reused else None
        return cls(message, tuple(cited_passages(result)), cost, repeated_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedAnswer:
    """The values that are saved at the end of an answer.

    ``answer_id`` is that of its message; an answer of the API has no message, only a usage record.
    """

    answer_id: UUID
    instance_id: int
    result: AnswerResult
    user_id: int | None = None
    api_key_id: int | None = None


@dataclass(frozen=True, slots=True)
class SavedEnding:
    """What the end of an answer became; without a message when that was deleted, or of the API."""

    cost: RequestCost
    has_message: bool


def load_answer(instance: Instance, answer_id: UUID) -> StoredAnswer | None:
    """Return an answer, closed first if it is abandoned; None when it is deleted."""
    close_abandoned(instance.pk, answer_id)
    answers = Message.objects.for_instance(instance).select_related("repeats")
    message = answers.filter(pk=answer_id).first()
    if message is None:
        return None
    return StoredAnswer.of(message, request_costs(instance.pk, [answer_id]).get(answer_id))


def save_progress(instance_id: int, answer_id: UUID, result: AnswerResult) -> bool:
    """Save the text so far; return False when the answer is deleted or must stop.

    What it has reserved of quotas stays reserved.

    An answer that was closed as interrupted while the database was away is reopened; one whose
    ending is saved is not, even if a write of its progress comes late.
    """
    renew(instance_id, answer_id, age_ms=result.total_ms)
    return _update_message(
        _UNFINISHED,
        answer_id,
        content=result.text,
        reasoning=result.reasoning,
        search_query=result.search_query,
        sensitivity=result.sensitivity,
        status=AnswerStatus.STREAMING,
        error_code="",
        updated_at=timezone.now(),
    )


def record_beginning_of(begun: FinishedAnswer) -> None:
    """Record an answer of the API that begins, as failed: it stays if its process dies."""
    (answer, *_others) = measured_requests(begun.result)
    record_beginning(answer, request_id=begun.answer_id, requester=_requester(begun))


def record_search_of(unfinished: FinishedAnswer) -> None:
    """Record the search of an answer that has not ended, and the rewriting of its question."""
    before = requests_before(unfinished.result)
    record_beginning(*before, request_id=unfinished.answer_id, requester=_requester(unfinished))


def record_progress_of(unfinished: FinishedAnswer) -> bool:
    """Record what an answer of the API has cost so far, still as failed."""
    (answer, *_others) = measured_requests(unfinished.result)
    renew(unfinished.instance_id, unfinished.answer_id, age_ms=unfinished.result.total_ms)
    record_progress(answer, request_id=unfinished.answer_id, requester=_requester(unfinished))
    return True


def save_passages(instance_id: int, answer_id: UUID, result: AnswerResult) -> None:
    """Save a copy of the passages under their numbers, with what the answer quotes of them.

    Passages that were saved before are replaced. The message has just been written.
    """
    documents, chunks = _existing_sources(result.chunks)
    citations = [
        citation_of(
            number,
            chunk,
            instance_id=instance_id,
            message_id=answer_id,
            quote=result.quotes.get(number, ""),
            used=number in result.quotes,
        )
        for number, chunk in enumerate(result.chunks, start=1)
    ]
    for citation in citations:
        if citation.document_id not in documents:
            citation.document_id = None
        if citation.chunk_id not in chunks:
            citation.chunk_id = None
    _CITATIONS.insert(citations)


def save_ending(finished: FinishedAnswer) -> SavedEnding:
    """Save the final result of an answer: its message, the passages it cites, and its cost.

    Saving it again changes nothing. The cost is recorded also when the message is deleted.
    """
    has_message = finished.api_key_id is None and _save_message(finished)
    if has_message:
        save_passages(finished.instance_id, finished.answer_id, finished.result)
        if finished.result.is_reusable:
            remember(finished.instance_id, finished.answer_id, finished.result.reuse_digest)
    return SavedEnding(_record(finished), has_message)


def _save_message(finished: FinishedAnswer) -> bool:
    """Save the final text; return whether the message still exists."""
    result = finished.result
    return _update_message(
        _ANY,
        finished.answer_id,
        content=result.text,
        reasoning=result.reasoning,
        search_query=result.search_query,
        sensitivity=result.sensitivity,
        status=result.status,
        model=result.model_id,
        repeats_id=_existing_message(result.reused.message_id if result.reused else None),
        error_code=result.error_code,
        verification=_as_jsonb(to_json(result.verification)),
        filters=_as_jsonb(filter_data(result.filter)),
        updated_at=timezone.now(),
    )


def _as_jsonb(value: dict[str, Any] | None) -> Jsonb | None:
    return None if value is None else Jsonb(value)


def _update_message(condition: str, answer_id: UUID, **columns: Any) -> bool:
    """Update columns of a message, by a prepared statement; return whether it is there."""
    changes = ", ".join(f"{column} = %({column})s" for column in columns)
    statement = f"UPDATE chat_message SET {changes} WHERE id = %(id)s AND {condition}"  # noqa: S608 (ours)
    with prepared_cursor() as cursor:
        cursor.execute(statement, columns | {"id": answer_id})
        return bool(cursor.rowcount)


def _record(finished: FinishedAnswer) -> RequestCost:
    """Record the cost of an answer, and of the other requests for it."""
    requests = measured_requests(finished.result)
    return RequestCost.of(
        record_requests(requests, request_id=finished.answer_id, requester=_requester(finished))
    )


def _requester(finished: FinishedAnswer) -> Requester:
    return Requester(
        instance_id=finished.instance_id,
        user_id=finished.user_id,
        api_key_id=finished.api_key_id,
    )


def _existing_message(key: UUID | None) -> UUID | None:
    """Return the key of a message if it exists now."""
    found = key is not None and Message.objects.filter(pk=key).exists()
    return key if found else None


def _existing_sources(passages: Sequence[RetrievedChunk]) -> tuple[set[UUID], set[int]]:
    """Return the keys of those documents and chunks of passages that exist now."""
    documents = [passage.document_id for passage in passages]
    chunks = [as_parameter(passage.chunk_id) for passage in passages]
    with prepared_cursor() as cursor:
        cursor.execute(_SOURCES, [documents, chunks])
        found_documents, found_chunks = cursor.fetchone()
    return set(found_documents), set(found_chunks)
