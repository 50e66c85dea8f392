"""The chunks of a large instance that are worth ranking exactly, from its approximate index.

The index (``ingestion.indexing.shards``) estimates both scores of a chunk: its cosine from the
centroid of its cluster and one bit a dimension, its BM25 from the lists of the question's rarer
terms. The best by the fused estimate are ranked exactly, together with the chunks of documents that
were published after the index was built. Nothing of this is used in smaller instances.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.indexing.lexical import SATURATION
from ingestion.indexing.shards import quantisation
from ingestion.indexing.shards.building import EXACT_CHUNKS
from ingestion.models import Document, IndexShard, ShardList
from retrieval.fusion import WeightedQuery
from web.postgresql.prepared import binary_rows

# Ranked exactly: at least, the share of the chunks of a larger instance, and at most.
_CANDIDATES, _CANDIDATE_SHARE, _MAX_CANDIDATES = 2_500, 0.006, 6_000
# The share of an instance's chunks in the clusters that are read.
_PROBED = 0.02
# A document that is published while the index is built is searched apart as well.
_OVERLAP = timedelta(minutes=10)
# A shard of 100,000 chunks takes 1.4 MB of a process's memory, and one tenth more for centroids.
_REMEMBERED_SHARDS = 40


@dataclass(frozen=True)
class Candidates:
    """What is ranked: chunks of the index, and all chunks of the documents that are newer."""

    chunk_ids: Sequence[int]
    document_ids: Sequence[Any]


@dataclass(frozen=True)
class _Shard:
    """Ids ``(n,)`` and clusters ``(n,)`` of a shard's members, and its centroids."""

    pk: int
    ids: NDArray[np.int64]
    clusters: NDArray[np.uint16]
    centroids: NDArray[np.float32]
    sizes: NDArray[np.int64]


def find_candidates(instance_id: int, query: WeightedQuery, limit: int) -> Candidates | None:
    """Return what to rank for a query; None if every chunk must be ranked.

    Runs inside ``tenant(instance)``.
    """
    if query.chunk_count < EXACT_CHUNKS:
        return None
    found = (
        IndexShard.objects.for_instance(instance_id)
        .filter(covers_until__isnull=False)
        .filter(generation=query.generation, embedding_model=query.embedding_model)
        .order_by("pk")
        .values_list("pk", "covers_until")
    )
    rows = list(found)
    if not rows:
        return None
    shards = [_shard(pk, instance_id, len(query.embedding)) for pk, _until in rows]
    since = max(until for _pk, until in rows if until) - _OVERLAP
    n = min(_MAX_CANDIDATES, max(_CANDIDATES, int(_CANDIDATE_SHARE * query.chunk_count)))
    newer = Document.objects.for_instance(instance_id).filter(
        status=Document.Status.READY, finished_at__gte=since
    )
    return Candidates(
        [int(each) for each in _best(shards, query, max(n, 4 * limit))],
        list(newer.values_list("pk", flat=True)),
    )


@lru_cache(maxsize=_REMEMBERED_SHARDS)
def _shard(pk: int, instance_id: int, dimensions: int) -> _Shard:
    """Read what does not depend on the query; a shard never changes.

    Runs inside ``tenant(instance)``, for a shard that has just been found there.
    """
    row = IndexShard.objects.for_instance(instance_id).get(pk=pk)
    clusters = np.frombuffer(row.clusters, np.uint16)
    centroids = np.frombuffer(row.centroids, np.float32).reshape(-1, dimensions)
    ids = np.frombuffer(row.chunk_ids, np.int64)
    sizes = np.bincount(clusters, minlength=len(centroids))
    return _Shard(pk, ids, clusters, centroids, sizes)


def _best(shards: Sequence[_Shard], query: WeightedQuery, n: int) -> NDArray[np.int64]:
    """Return the ids of the ``n`` best chunks by the estimate of the fused score."""
    similar = {shard.pk: shard.centroids @ query.embedding for shard in shards}
    words = {shard.pk: np.zeros(len(shard.ids), np.float32) for shard in shards}
    held = {shard.pk: shard.ids for shard in shards}
    clusters: list[_Cluster] = []
    for pk, kind, key, members, values in _lists(shards, _probed(shards, similar), query):
        positions = np.frombuffer(members, np.uint32)
        if kind == ShardList.Kind.TERM:
            weight = query.ranked_terms[key] * query.lexical_factor * SATURATION / 255
            words[pk][positions] += np.frombuffer(values, np.uint8) * np.float32(weight)
        else:
            clusters.append(_Cluster(pk, positions, float(similar[pk][key]), values))
    ids: list[NDArray[Any]] = []
    scores: list[NDArray[Any]] = []
    for cluster, cosines in zip(clusters, _cosines(clusters, query), strict=True):
        ids.append(held[cluster.shard][cluster.members])
        scores.append(cosines / query.cosine_sigma + words[cluster.shard][cluster.members])
    for shard in shards:
        # Of a chunk that only its words have found, the cosine is that of its centroid.
        worded = np.flatnonzero(words[shard.pk])
        cosines = similar[shard.pk][shard.clusters[worded]]
        ids.append(shard.ids[worded])
        scores.append(cosines / query.cosine_sigma + words[shard.pk][worded])
    # A chunk found both ways is there twice; there is room for it.
    return np.unique(np.concatenate(ids)[_largest(np.concatenate(scores), n)])


@dataclass(frozen=True, slots=True)
class _Cluster:
    """A probed cluster: its members, the cosine of its centroid, the scales and signs of both."""

    shard: int
    members: NDArray[np.uint32]
    similarity: float
    values: bytes


def _cosines(clusters: Sequence[_Cluster], query: WeightedQuery) -> Iterator[NDArray[np.float32]]:
    """Yield the estimated cosines of the members of each cluster."""
    if not clusters:
        return
    sizes = [len(cluster.members) for cluster in clusters]
    scales = [
        np.frombuffer(cluster.values, np.float32, count=n)
        for cluster, n in zip(clusters, sizes, strict=True)
    ]
    signs = [
        np.frombuffer(cluster.values, np.uint8, offset=4 * n).reshape(n, -1)
        for cluster, n in zip(clusters, sizes, strict=True)
    ]
    sums = quantisation.byte_sums(query.embedding)
    estimated = quantisation.estimate(sums, np.concatenate(signs), np.concatenate(scales))
    ends = np.cumsum(sizes)
    for cluster, n, end in zip(clusters, sizes, ends, strict=True):
        yield cluster.similarity + estimated[end - n : end]


def _probed(
    shards: Sequence[_Shard], similar: dict[int, NDArray[np.float32]]
) -> list[tuple[int, int]]:
    """Return the shards and the numbers of the clusters nearest to the query, over all shards."""
    places = [(shard.pk, key) for shard in shards for key in range(len(shard.centroids))]
    nearness = np.concatenate([similar[shard.pk] for shard in shards])
    sizes = np.concatenate([shard.sizes for shard in shards])
    order = np.argsort(-nearness)
    wanted = max(_PROBED * sizes.sum(), _CANDIDATES)
    n = int(np.searchsorted(np.cumsum(sizes[order]), wanted)) + 1
    return [places[i] for i in order[:n]]


def _lists(
    shards: Sequence[_Shard], probed: Sequence[tuple[int, int]], query: WeightedQuery
) -> Iterator[tuple[int, int, int, bytes, bytes]]:
    """Yield the lists of the probed clusters and of the query's terms, in binary."""
    statement = """
    SELECT shard_id, kind, key, members, values FROM ingestion_shardlist
    JOIN unnest(%s::bigint[], %s::int[]) AS probed(shard_id, key) USING (shard_id, key)
    WHERE kind = 0
    UNION ALL
    SELECT shard_id, kind, key, members, values FROM ingestion_shardlist
    WHERE kind = 1 AND shard_id = ANY(%s::bigint[]) AND key = ANY(%s::int[])
    """
    parameters = [
        [pk for pk, _key in probed],
        [key for _pk, key in probed],
        [shard.pk for shard in shards],
        list(query.ranked_terms),
    ]
    yield from binary_rows(statement, parameters)


def _largest(values: NDArray[Any], n: int) -> NDArray[np.int64]:
    """Return the positions of the ``n`` largest values, in no order."""
    if len(values) <= n:
        return np.arange(len(values))
    return np.argpartition(-values, n)[:n]
