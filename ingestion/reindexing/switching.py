"""The instant at which another index answers, and the deletion of indexes that no longer do.

The index before is kept for ``INDEX_KEPT_DAYS``: questions under way end in it, and it may answer
again. Of a deleted index, passages that something refers to (citations of past answers) stay,
without their vectors.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, ManyToOneRel, OuterRef, Q, QuerySet
from django.utils import timezone

from inference.embedding.offered import offered_embedding
from ingestion.indexing.generations import lock_active_index, read_active_index, search_index
from ingestion.models import (
    Chunk,
    CorpusStatistics,
    Document,
    IndexGeneration,
    IndexShard,
    TermStatistics,
)
from ingestion.reindexing.documents import failures_in, missing_documents
from instances import audit
from instances.across_instances import call_function
from instances.models import Instance
from instances.tenancy import tenant

# Chunks that are deleted in one transaction.
_AT_ONCE = 1_000
_LOCK_TIMEOUT = "800ms"
_Status = IndexGeneration.Status
_MARK_DOCUMENTS = """
UPDATE ingestion_document AS document
SET status = 'ready', error_code = '', index_generation = %(number)s,
    embedding_model = %(model)s, chunks = held.n, embedded_chunks = held.n, updated_at = now()
FROM (SELECT document_id, count(*) AS n FROM ingestion_chunk
      WHERE instance_id = %(instance_id)s AND generation = %(number)s
        AND (terms IS NOT NULL OR attached_terms IS NOT NULL)
      GROUP BY document_id) AS held
WHERE document.id = held.document_id AND document.instance_id = %(instance_id)s
  AND (document.status = 'ready' OR document.status = 'failed' AND NOT EXISTS (
      SELECT 1 FROM ingestion_document AS other
      WHERE other.series = document.series AND other.status = 'ready'))
"""


class NotInStep(Exception):
    """The index is not complete, or lacks documents that were published meanwhile."""


def switch(instance_id: int, number: int) -> None:
    """Let an index answer from now on; documents that it could not take have failed.

    One transaction, inside ``tenant(instance)``; audited. Raises NotInStep, OperationalError when
    the documents are being changed, and ModelNotFound; a later call may succeed.
    """
    with transaction.atomic():
        _limit_waiting()
        lock_active_index(instance_id)
        generations = IndexGeneration.objects.for_instance(instance_id).select_for_update()
        generation = generations.filter(number=number, status=_Status.BUILT).first()
        if generation is None or missing_documents(instance_id, number).exists():
            raise NotInStep(f"index {number} of instance {instance_id}")
        offered_embedding(generation.embedding_model)
        now = timezone.now()
        # Its model: that of the site may have changed alone since the row was written.
        generations.filter(status=_Status.ACTIVE).update(
            status=_Status.KEPT,
            kept_until=now + timedelta(days=settings.INDEX_KEPT_DAYS),
            embedding_model=read_active_index(instance_id).embedding_model,
        )
        generation.status, generation.activated_at = _Status.ACTIVE, now
        generation.kept_until, generation.is_return = None, False
        generation.save(update_fields=["status", "activated_at", "kept_until", "is_return"])
        _mark_documents(generation)
        # Without its key: rows that refer to the instance are written meanwhile.
        instance = Instance.objects.select_for_update(no_key=True).get(pk=instance_id)
        instance.index_generation = number
        is_of_site = generation.embedding_model == settings.EMBEDDING_MODEL
        instance.embedding_model = "" if is_of_site else generation.embedding_model
        instance.chunk_tokens = generation.chunk_tokens
        instance.save(
            update_fields=["index_generation", "embedding_model", "chunk_tokens", "updated_at"]
        )
        index = search_index(generation)
        audit.record(
            audit.Action.INDEX_SWITCHED,
            instance=instance,
            target=index.embedding_model,
            chunk_tokens=index.chunk_tokens,
        )


def _limit_waiting() -> None:
    """Rather fail than make uploads and their publication wait for this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [_LOCK_TIMEOUT])


def _mark_documents(generation: IndexGeneration) -> None:
    """Mark the documents of the index as ready in it, and those that it lacks as failed."""
    parameters: dict[str, Any] = {
        "instance_id": generation.instance_id,
        "number": generation.number,
        "model": search_index(generation).embedding_model,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MARK_DOCUMENTS, parameters)
    for pk, code in failures_in(generation.instance_id, generation.number).items():
        Document.with_attachments.for_instance(generation.instance_id).filter(
            pk=pk, status=Document.Status.READY
        ).exclude(index_generation=generation.number).update(
            status=Document.Status.FAILED, error_code=code
        )


def next_deletion() -> tuple[int, int] | None:
    """Return the instance and the number of an index to delete, if any."""
    now = timezone.now()
    for instance_id, number, status, *_times, kept_until in call_function(
        "index_generations_at_work"
    ):
        is_over = status == _Status.KEPT and kept_until is not None and kept_until < now
        if status == _Status.DELETING or is_over:
            return instance_id, number
    return None


def delete_some(instance_id: int, number: int) -> bool:
    """Delete some passages of an index that is not used; return whether nothing is left."""
    with tenant(instance_id):
        generation = (
            IndexGeneration.objects.for_instance(instance_id)
            .select_for_update()
            .filter(number=number)
            .filter(
                Q(status=_Status.DELETING) | Q(status=_Status.KEPT, kept_until__lt=timezone.now())
            )
            .first()
        )
        if generation is None:
            return True
        generation.status = _Status.DELETING
        generation.save(update_fields=["status"])
        chunks = Chunk.objects.for_instance(instance_id).filter(generation=number)
        some = list(_unused(chunks).values_list("pk", flat=True)[:_AT_ONCE])
        if some:
            chunks.filter(pk__in=some).delete()
            return False
        chunks.filter(Q(embedding__isnull=False) | Q(terms__isnull=False)).update(
            embedding=None, terms=None
        )
        for model in (CorpusStatistics, TermStatistics, IndexShard):
            model.objects.for_instance(instance_id).filter(generation=number).delete()
        generation.delete()
    return True


def _unused(chunks: QuerySet[Chunk]) -> QuerySet[Chunk]:
    """Return the chunks that no row of another table refers to."""
    for relation in Chunk._meta.get_fields(include_hidden=True):
        if isinstance(relation, ManyToOneRel):
            rows = relation.related_model._base_manager.filter(
                **{relation.field.name: OuterRef("pk")}
            )
            chunks = chunks.exclude(Exists(rows))
    return chunks
