"""Clusters of vectors, and one bit a dimension for each vector within its cluster.

A vector v of the cluster with the centroid c is kept as the signs of v - c and one scale s, chosen
so that s · signs has the inner product ||v - c||² with v - c. The inner product with a query q is
then estimated as q · c + s · Σ q_j · sign_j (as RaBitQ does: Gao & Long, 2024, without the
rotation). A query needs 256 sums for each byte of signs, then one look-up a byte.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

# Vectors of the sample a centroid, and rounds of k-means on it.
_SAMPLE_A_CLUSTER = 40
_ROUNDS = 8
# Vectors compared with all centroids at a time, which bounds the memory.
_BATCH = 8192
_BITS_OF_BYTES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.float32)


def train_centroids(vectors: Floats, n_clusters: int) -> Floats:
    """Return at most ``n_clusters`` centroids of ``vectors``, ``(n, dim)``, by k-means."""
    random = np.random.default_rng(0)
    sample = vectors[random.permutation(len(vectors))[: _SAMPLE_A_CLUSTER * n_clusters]]
    centroids = sample[:n_clusters].copy()
    for _round in range(_ROUNDS):
        nearest = assign(sample, centroids)
        counts = np.bincount(nearest, minlength=len(centroids))
        sums = np.zeros_like(centroids)
        np.add.at(sums, nearest, sample)
        filled = counts > 0
        centroids[filled] = sums[filled] / counts[filled, None]
        # An empty cluster begins again from some vector.
        centroids[~filled] = sample[random.integers(len(sample), size=int((~filled).sum()))]
    return centroids


def assign(vectors: Floats, centroids: Floats) -> NDArray[np.int64]:
    """Return the position of the nearest centroid of each vector, ``(n,)``."""
    half_norms = (centroids**2).sum(axis=1) / 2
    found = [
        (vectors[start : start + _BATCH] @ centroids.T - half_norms).argmax(axis=1)
        for start in range(0, len(vectors), _BATCH)
    ]
    return np.concatenate(found) if found else np.empty(0, np.int64)


def encode(residuals: Floats) -> tuple[Bytes, Floats]:
    """Return the signs, ``(n, dim / 8)``, and the scales, ``(n,)``, of vectors less centroids."""
    totals = np.abs(residuals).sum(axis=1)
    scales = (residuals**2).sum(axis=1) / np.maximum(totals, 1e-9)
    return np.packbits(residuals > 0, axis=1), scales.astype(np.float32)


def byte_sums(query: Floats) -> Floats:
    """Return Σ q_j · sign_j of each value of each byte of signs, ``(dim / 8, 256)``."""
    padded = np.zeros(-(-len(query) // 8) * 8, np.float32)
    padded[: len(query)] = query
    eights = padded.reshape(-1, 8)
    sums: Floats = 2 * eights @ _BITS_OF_BYTES.T - eights.sum(axis=1, keepdims=True)
    return sums


def estimate(sums: Floats, signs: Bytes, scales: Floats) -> Floats:
    """Return the estimated inner products of the query with vectors less centroids, ``(n,)``."""
    total = np.zeros(len(signs), np.float32)
    columns = np.ascontiguousarray(signs.T)
    for values, column in zip(sums, columns, strict=True):
        total += values[column]
    return total * scales
