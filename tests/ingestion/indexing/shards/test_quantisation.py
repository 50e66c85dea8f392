"""Clusters and signs of vectors."""

import numpy as np
import pytest

from ingestion.indexing.shards import quantisation


@pytest.fixture
def vectors() -> np.ndarray:
    """Eight groups of vectors of 100 dimensions, which are not a multiple of eight."""
    random = np.random.default_rng(5)
    centres = random.normal(size=(8, 100))
    found = centres[np.arange(400) % 8] + 0.4 * random.normal(size=(400, 100))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def test_vectors_of_a_group_share_their_cluster(vectors: np.ndarray) -> None:
    centroids = quantisation.train_centroids(vectors, 8)
    clusters = quantisation.assign(vectors, centroids)
    for group in range(8):
        assert len(set(clusters[group::8])) == 1


def test_estimate_is_near_the_inner_product(vectors: np.ndarray) -> None:
    centroids = quantisation.train_centroids(vectors, 8)
    clusters = quantisation.assign(vectors, centroids)
    signs, scales = quantisation.encode(vectors - centroids[clusters])
    query = vectors[0]
    sums = quantisation.byte_sums(query)
    estimated = centroids[clusters] @ query + quantisation.estimate(sums, signs, scales)
    exact = vectors @ query
    assert np.abs(estimated - exact).mean() < 0.05
    assert np.corrcoef(estimated, exact)[0, 1] > 0.98


def test_signs_tell_vectors_of_a_cluster_apart(vectors: np.ndarray) -> None:
    group = vectors[::8]
    centroid = group.mean(axis=0)
    signs, scales = quantisation.encode(group - centroid)
    estimated = quantisation.estimate(quantisation.byte_sums(group[7]), signs, scales)
    assert int(estimated.argmax()) == 7


def test_more_clusters_than_vectors_are_not_made(vectors: np.ndarray) -> None:
    assert len(quantisation.train_centroids(vectors[:5], 5)) == 5
