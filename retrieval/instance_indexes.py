"""Indexes for the chunks of each instance that has outgrown exact search, and of no other.

Exact search reads every chunk of an instance. Past ``LARGE_INSTANCE_CHUNKS`` each leg takes its
candidates from an index over the chunks of that instance alone: HNSW for the embeddings, GIN for
the terms. (One HNSW index over all instances, filtered by instance, loses a quarter of the right
answers and more: docs/decisions/005-retrieval.md.) The planner takes a partial index only when it
sees the instance as a constant, which psycopg's client-side parameters give it.

``maintain_indexes`` makes and drops them, periodically, through the ``owner`` connection: the
application's role owns no table. Building takes minutes and blocks nothing.
"""

import logging

from django.db import connection, connections

from ingestion.models import CorpusStatistics
from instances.models import Instance
from instances.tenancy import tenant

logger = logging.getLogger(__name__)

LARGE_INSTANCE_CHUNKS = 30_000
# An instance must shrink well below the threshold before its indexes go, lest they come and go.
DROP_BELOW_CHUNKS = 15_000
# pgvector indexes a halfvec of at most this many dimensions.
_MAX_INDEXED_DIMENSIONS = 4_000
_PREFIX = "chunks_of_instance_"
_SUFFIXES = ("embedding", "terms")


def has_indexes(instance_id: int) -> bool:
    """Return whether the instance's indexes are complete (one look-up in the catalogue)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_index WHERE indisvalid"
            " AND indexrelid IN (to_regclass(%s), to_regclass(%s))",
            sorted(index_names(instance_id)),
        )
        return bool(cursor.fetchone()[0] == len(_SUFFIXES))


def index_names(instance_id: int) -> set[str]:
    """Return the names of the indexes of one instance."""
    return {f"{_PREFIX}{instance_id}_{suffix}" for suffix in _SUFFIXES}


def maintain_indexes() -> None:
    """Give each large instance its indexes; drop those of instances that have shrunk or gone."""
    chunk_counts = _chunk_counts()
    kept = {
        name
        for instance_id, n_chunks in chunk_counts.items()
        if n_chunks >= DROP_BELOW_CHUNKS
        for name in index_names(instance_id)
    }
    existing = _existing()
    for name, complete in existing.items():
        if name not in kept or not complete:
            _execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    complete_names = {name for name, complete in existing.items() if complete}
    for instance_id, n_chunks in chunk_counts.items():
        if n_chunks >= LARGE_INSTANCE_CHUNKS and not index_names(instance_id) <= complete_names:
            _create(instance_id)


def _chunk_counts() -> dict[int, int]:
    counts = {}
    for instance_id in Instance.objects.values_list("pk", flat=True):
        with tenant(instance_id):
            rows = CorpusStatistics.objects.for_instance(instance_id)
            counts[instance_id] = rows.values_list("chunk_count", flat=True).first() or 0
    return counts


def _existing() -> dict[str, bool]:
    """The indexes made here, and whether each is complete (an interrupted build leaves a stump)."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
            " WHERE indrelid = 'ingestion_chunk'::regclass AND starts_with(relname, %s)",
            [_PREFIX],
        )
        return dict(cursor.fetchall())


def _create(instance_id: int) -> None:
    with tenant(instance_id), connection.cursor() as cursor:
        cursor.execute(
            "SELECT vector_dims(embedding) FROM ingestion_chunk"
            " WHERE instance_id = %s AND terms IS NOT NULL LIMIT 1",
            [instance_id],
        )
        (dimensions,) = cursor.fetchone()
    if dimensions > _MAX_INDEXED_DIMENSIONS:
        return
    definitions = {
        "embedding": f"hnsw ((embedding::halfvec({dimensions})) halfvec_ip_ops)",
        "terms": "gin (ingestion_term_ids(terms))",
    }
    for suffix, definition in definitions.items():
        _execute(
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {_PREFIX}{instance_id}_{suffix}"
            f" ON ingestion_chunk USING {definition}"
            f" WHERE instance_id = {instance_id} AND terms IS NOT NULL"
        )


def _execute(statement: str) -> None:
    """Run one statement as the owner of the tables, outside any transaction."""
    logger.info("%s", statement)
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement)
