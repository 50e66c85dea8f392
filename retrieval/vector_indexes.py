"""An approximate index for each instance that has outgrown exact search, and for no other.

Exact search reads every chunk of an instance: 1 ms for a thousand chunks, some 100 ms for a hundred
thousand. Past `LARGE_INSTANCE_CHUNKS` the dense leg takes its candidates from a HNSW index over the
chunks of that instance alone. (One index over all instances, filtered by instance, loses a third of
the right answers: docs/decisions/005-retrieval.md.) The planner takes a partial index only when it
sees the instance as a constant, which psycopg's client-side parameters give it.

Indexes are made and dropped by `maintain_vector_indexes`, periodically, through the ``owner``
connection: the application's role owns no table. Building one takes minutes and blocks nothing.
"""

import logging

from django.db import connection, connections

from ingestion.models import Chunk, CorpusStatistics
from instances.models import Instance
from instances.tenancy import tenant

logger = logging.getLogger(__name__)

LARGE_INSTANCE_CHUNKS = 30_000
# An instance must shrink well below the threshold before its index goes, lest it come and go.
_DROP_BELOW = LARGE_INSTANCE_CHUNKS // 2
# pgvector indexes a halfvec of at most this many dimensions.
_MAX_INDEXED_DIMENSIONS = 4_000


def index_name(instance_id: int) -> str:
    """Name of the vector index of an instance."""
    return f"chunk_embedding_of_instance_{instance_id}"


def has_vector_index(instance_id: int) -> bool:
    """Return whether the instance's index exists and is complete (one catalogue look-up)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce((SELECT indisvalid FROM pg_index"
            " WHERE indexrelid = to_regclass(%s)), false)",
            [index_name(instance_id)],
        )
        return bool(cursor.fetchone()[0])


def maintain_vector_indexes() -> None:
    """Give each large instance its index, and drop those of instances that have shrunk or gone."""
    wanted, kept = {}, set()
    for instance_id in Instance.objects.values_list("pk", flat=True):
        with tenant(instance_id):
            statistics = CorpusStatistics.objects.for_instance(instance_id).first()
            n_chunks = statistics.chunk_count if statistics else 0
            if n_chunks >= _DROP_BELOW:
                kept.add(index_name(instance_id))
            if n_chunks >= LARGE_INSTANCE_CHUNKS:
                wanted[instance_id] = _dimensions(instance_id)
    complete, broken = _existing()
    for name in broken | (complete - kept):
        _drop(name)
    for instance_id, dimensions in wanted.items():
        if index_name(instance_id) not in complete and dimensions <= _MAX_INDEXED_DIMENSIONS:
            _create(instance_id, dimensions)


def _dimensions(instance_id: int) -> int:
    chunk = Chunk.objects.for_instance(instance_id).filter(terms__isnull=False)[:1].get()
    return len(chunk.embedding)


def _existing() -> tuple[set[str], set[str]]:
    """Names of the complete indexes, and of those that an interrupted build left broken."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
            " WHERE indrelid = 'ingestion_chunk'::regclass AND starts_with(relname, %s)",
            [index_name(0)[:-1]],
        )
        rows = cursor.fetchall()
    return {name for name, valid in rows if valid}, {name for name, valid in rows if not valid}


def _create(instance_id: int, dimensions: int) -> None:
    name = index_name(instance_id)
    logger.info("building %s", name)
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            f"CREATE INDEX CONCURRENTLY {name} ON ingestion_chunk"
            f" USING hnsw ((embedding::halfvec({dimensions})) halfvec_ip_ops)"
            f" WHERE instance_id = {instance_id} AND terms IS NOT NULL"
        )


def _drop(name: str) -> None:
    logger.info("dropping %s", name)
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
