"""Builds the shards of an instance's approximate index from its visible chunks.

A shard holds chunks by their position in it. For the dense leg it has clusters, each with its
members and their quantised vectors; for the lexical leg the members of each term with the weight of
the term in each. Words that a tenth of the chunks contain are left out: they are too many for too
little weight, and the candidates are ranked exactly afterwards.

A build covers all chunks that no shard holds. The last shard is built again with them while it is
small, and all are when many of their chunks are gone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice, pairwise
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Q, QuerySet
from numpy.typing import NDArray

from ingestion.indexing.generations import SearchIndex
from ingestion.indexing.lexical import SATURATION
from ingestion.indexing.shards import quantisation
from ingestion.models import CorpusStatistics, IndexShard, ShardList
from instances.tenancy import tenant
from web.postgresql.prepared import binary_rows, prepared_cursor

# An instance of fewer chunks is searched exactly, and so are as many that are not in a shard yet.
EXACT_CHUNKS = 20_000
# Chunks of a shard: a build needs some kilobytes of memory for each.
SHARD_CHUNKS = 100_000
_MAX_TERM_SHARE = 0.1
# The share of chunks gone at which all shards are built again.
_MAX_GONE = 0.2
_LONGEST_BUILD = timedelta(hours=6)
_FETCHED_AT_ONCE, _INSERTED_AT_ONCE = 5_000, 2_000
# First key of the advisory lock of the end of a build; the second is the instance's id.
_LOCK_CLASS = 0x1DE
_CHUNKS = """
SELECT id, embedding::vector, terms FROM ingestion_chunk
WHERE instance_id = %s AND generation = %s AND terms IS NOT NULL AND id = ANY(%s::bigint[])
ORDER BY id
"""
_INSERT = """
INSERT INTO ingestion_shardlist (instance_id, shard_id, kind, key, members, values)
SELECT %s, %s, * FROM unnest(%s::smallint[], %s::int[], %b::bytea[], %b::bytea[])
"""

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class ShardContent:
    """Chunks of a shard: ids ``(n,)`` and vectors ``(n, dim)``; postings: term, member, weight.

    Weights are in 1 / 255 of the largest, SATURATION.
    """

    ids: Ids
    vectors: NDArray[np.float32]
    terms: NDArray[np.int32]
    members: NDArray[np.uint32]
    weights: NDArray[np.uint8]


def needs_build(instance_id: int, index: SearchIndex) -> bool:
    """Whether more chunks of an index than EXACT_CHUNKS are in no shard.

    Runs inside ``tenant(instance)``.
    """
    found = CorpusStatistics.objects.for_instance(instance_id)
    statistics = found.filter(generation=index.generation).first()
    if statistics is None or statistics.chunk_count < EXACT_CHUNKS:
        return False
    covered = sum(shard.chunk_count for shard in _current(instance_id, index).only("chunk_count"))
    return statistics.chunk_count - covered >= EXACT_CHUNKS


def build(instance_id: int, index: SearchIndex) -> int:
    """Cover all visible chunks of an index by shards; return how many chunks were added.

    Of two builds at the same time, the one that ends first counts.
    """
    with tenant(instance_id):
        moment, visible = _visible(instance_id, index)
        kept, replaced = _divided(instance_id, index, visible)
        _delete_abandoned(instance_id, moment)
    missing = np.setdiff1d(visible, kept, assume_unique=True)
    written: list[int] = []
    for ids in _parts(missing):
        with tenant(instance_id):
            content = _read(instance_id, index, ids)
            written.append(write(instance_id, index, content).pk)
    shards = IndexShard.objects.for_instance(instance_id).filter(generation=index.generation)
    with tenant(instance_id):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, instance_id])
        if shards.filter(covers_until__gte=moment).exists():
            shards.filter(pk__in=written).delete()
            return 0
        shards.filter(pk__in=replaced).delete()
        shards.filter(Q(covers_until__isnull=False) | Q(pk__in=written)).update(covers_until=moment)
    return len(missing)


def _delete_abandoned(instance_id: int, moment: datetime) -> None:
    """Delete the shards of builds that never ended."""
    IndexShard.objects.for_instance(instance_id).filter(
        covers_until=None, created_at__lt=moment - _LONGEST_BUILD
    ).delete()


def _current(instance_id: int, index: SearchIndex) -> QuerySet[IndexShard]:
    return IndexShard.objects.for_instance(instance_id).filter(
        covers_until__isnull=False,
        generation=index.generation,
        embedding_model=index.embedding_model,
    )


def _visible(instance_id: int, index: SearchIndex) -> tuple[datetime, Ids]:
    """Return the database's time and the ids of the chunks that are visible then."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clock_timestamp(), array_agg(id ORDER BY id) FROM ingestion_chunk"
            " WHERE instance_id = %s AND generation = %s AND terms IS NOT NULL",
            [instance_id, index.generation],
        )
        moment, ids = cursor.fetchone()
    return moment, np.array(ids or [], np.int64)


def _divided(instance_id: int, index: SearchIndex, visible: Ids) -> tuple[Ids, list[int]]:
    """Return the chunks whose shards stay, and the shards that are replaced."""
    shards = list(_current(instance_id, index).order_by("pk"))
    others = (
        IndexShard.objects.for_instance(instance_id)
        .filter(generation=index.generation)
        .exclude(embedding_model=index.embedding_model)
    )
    replaced = list(others.values_list("pk", flat=True))
    held = [np.frombuffer(shard.chunk_ids, np.int64) for shard in shards]
    n_held = sum(map(len, held))
    n_alive = int(np.isin(visible, np.concatenate(held)).sum()) if held else 0
    if n_alive < (1 - _MAX_GONE) * n_held:
        return np.empty(0, np.int64), [*replaced, *(shard.pk for shard in shards)]
    small = [i for i, ids in enumerate(held) if len(ids) < SHARD_CHUNKS / 2]
    kept = [ids for i, ids in enumerate(held) if i not in small]
    replaced += [shards[i].pk for i in small]
    return np.concatenate([np.empty(0, np.int64), *kept]), replaced


def _parts(ids: Ids) -> list[Ids]:
    """Return the ids in parts of nearly the same size, of at most SHARD_CHUNKS."""
    return np.array_split(ids, -(-len(ids) // SHARD_CHUNKS)) if len(ids) else []


def _read(instance_id: int, index: SearchIndex, ids: Ids) -> ShardContent:
    """Read chunks in PostgreSQL's binary format."""
    found: list[int] = []
    vectors: list[NDArray[Any]] = []
    terms: list[NDArray[Any]] = []
    weights: list[NDArray[Any]] = []
    for start in range(0, len(ids), _FETCHED_AT_ONCE):
        part = [int(each) for each in ids[start : start + _FETCHED_AT_ONCE]]
        for key, vector, sparse in binary_rows(_CHUNKS, [instance_id, index.generation, part]):
            found.append(key)
            vectors.append(np.frombuffer(vector, ">f4", offset=4))
            n = int.from_bytes(sparse[4:8], "big")
            terms.append(np.frombuffer(sparse, ">i4", count=n, offset=12))
            weights.append(np.frombuffer(sparse, ">f4", count=n, offset=12 + 4 * n))
    lengths = [len(each) for each in terms]
    scaled = np.concatenate(weights) * (255 / SATURATION)
    return ShardContent(
        ids=np.array(found, np.int64),
        vectors=np.array(vectors, np.float32),
        terms=np.concatenate(terms).astype(np.int32),
        members=np.repeat(np.arange(len(found), dtype=np.uint32), lengths),
        weights=np.clip(np.rint(scaled), 1, 255).astype(np.uint8),
    )


def write(instance_id: int, index: SearchIndex, content: ShardContent) -> IndexShard:
    """Store a shard, which searches use once ``covers_until`` is set."""
    n_clusters = max(16, int(np.sqrt(len(content.ids))))
    centroids = quantisation.train_centroids(content.vectors, min(n_clusters, len(content.ids)))
    clusters = quantisation.assign(content.vectors, centroids)
    shard = IndexShard.objects.create(
        instance_id=instance_id,
        generation=index.generation,
        embedding_model=index.embedding_model,
        chunk_count=len(content.ids),
        chunk_ids=content.ids.tobytes(),
        clusters=clusters.astype(np.uint16).tobytes(),
        centroids=centroids.astype(np.float32).tobytes(),
    )
    rows = chain(_cluster_lists(content, centroids, clusters), _term_lists(content))
    while some := list(islice(rows, _INSERTED_AT_ONCE)):
        columns = [list(column) for column in zip(*some, strict=True)]
        with prepared_cursor() as cursor:
            cursor.execute(_INSERT, [instance_id, shard.pk, *columns])
    return shard


_Row = tuple[int, int, bytes, bytes]


def _cluster_lists(
    content: ShardContent, centroids: NDArray[np.float32], clusters: NDArray[np.int64]
) -> Iterator[_Row]:
    """Yield the members of each cluster, with their scales (float32) and then their signs."""
    order = np.argsort(clusters, kind="stable")
    bounds = np.searchsorted(clusters[order], np.arange(len(centroids) + 1))
    for key, (start, end) in enumerate(pairwise(bounds)):
        members = order[start:end]
        signs, scales = quantisation.encode(content.vectors[members] - centroids[key])
        values = scales.tobytes() + signs.tobytes()
        yield ShardList.Kind.CLUSTER.value, key, members.astype(np.uint32).tobytes(), values


def _term_lists(content: ShardContent) -> Iterator[_Row]:
    """Yield the members that contain each term, with its weight in each (uint8)."""
    order = np.argsort(content.terms, kind="stable")
    terms = content.terms[order]
    keys, starts = np.unique(terms, return_index=True)
    ends = np.append(starts[1:], len(terms))
    longest = _MAX_TERM_SHARE * len(content.ids)
    for key, start, end in zip(keys, starts, ends, strict=True):
        if end - start <= longest:
            chosen = order[start:end]
            members = content.members[chosen].tobytes()
            yield ShardList.Kind.TERM.value, int(key), members, content.weights[chosen].tobytes()
