"""Estimates whether a passage answers the query, or only has its subject.

The relevance of a passage is the probability of a logistic function (``retrieval.evidence``) of a
few features: by how many σ its cosine exceeds that of an unrelated passage, the share of the best
possible BM25, and how much of the query a few consecutive sentences hold: its words by their
rarity, its names, numbers and acronyms, and what the kind of question asks for. The answer is that
nothing was found when no passage reaches the threshold of the instance.

The expected cosine of an unrelated passage is between two estimates: the mean cosine of the query
in this instance (with the centroid of its chunks), and, for known embedding models, the usual
cosine of unrelated texts. The first alone would reject much in an instance whose documents have a
single subject, the second alone nothing that has the subject. The more passages there are, the
nearer is the nearest unrelated one.

Measurements: docs/decisions/039-trust.md.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from instances.models import Instance
from retrieval.evidence.decision import answer_probability
from retrieval.evidence.features import Features, TranslatedFeatures, measure
from retrieval.evidence.questions import AskedQuestion
from retrieval.fusion import WeightedQuery
from retrieval.results import RetrievedChunk

# Usual cosine of a question with an unrelated passage, by embedding model.
UNRELATED_COSINE: Mapping[str, float] = {"intfloat/multilingual-e5-small": 0.7625}
# The weight of the mean cosine in the instance; the rest is that of the usual one.
_INSTANCE_SHARE = 0.6
# By how many σ the nearest of many unrelated passages is nearer for each e-fold of their number,
# above the number at which it counts.
_NEARER_BY_SIZE, _SMALL = 0.35, 50
# Of how many of the best passages the relevance is computed, which takes about a millisecond each.
JUDGED = 12
# The minimum relevance of the best passage: below it, the answer is that nothing was found.
THRESHOLDS: Mapping[str, float] = {
    Instance.Strictness.LENIENT: 0.25,
    Instance.Strictness.BALANCED: 0.5,
    Instance.Strictness.STRICT: 0.75,
}


def threshold_of(instance: Instance) -> float:
    """Return the least relevance of a passage that answers in an instance, in [0, 1]."""
    if instance.strictness == Instance.Strictness.CALIBRATED:
        threshold = instance.calibrated_threshold
        return THRESHOLDS[Instance.Strictness.BALANCED] if threshold is None else threshold
    return THRESHOLDS[instance.strictness]


def with_relevance(
    asked: AskedQuestion,
    query: WeightedQuery,
    chunks: Iterable[RetrievedChunk],
    embedding_model: str,
) -> Iterator[RetrievedChunk]:
    """Yield the chunks with their relevance, in [0, 1].

    It is 1 when the usual cosines are unknown, both for the model and in the instance, and 0 for
    all but the first ``JUDGED`` chunks.
    """
    for rank, chunk in enumerate(chunks):
        if rank >= JUDGED:
            yield chunk
            continue
        features = passage_features(asked, query, chunk, embedding_model)
        relevance = 1.0 if features is None else answer_probability(features)
        yield replace(chunk, relevance=relevance)


def passage_features(
    asked: AskedQuestion, query: WeightedQuery, chunk: RetrievedChunk, embedding_model: str
) -> Features | TranslatedFeatures | None:
    """Return what speaks for a passage; None when the usual cosines are unknown."""
    unrelated = unrelated_cosine(query.mean_cosine, embedding_model)
    if unrelated is None:
        return None
    nearest = _NEARER_BY_SIZE * math.log(max(query.chunk_count, _SMALL) / _SMALL)
    return measure(
        asked,
        query,
        dense=(chunk.cosine - unrelated) / query.cosine_sigma - nearest,
        bm25=chunk.bm25,
        text=chunk.text,
        context=f"{chunk.display_title}\n{chunk.heading}",
    )


def unrelated_cosine(mean_cosine: float | None, embedding_model: str) -> float | None:
    """Return the expected cosine of a query and an unrelated passage; None when unknown."""
    usual = UNRELATED_COSINE.get(embedding_model)
    if mean_cosine is None or usual is None:
        return usual if mean_cosine is None else mean_cosine
    return _INSTANCE_SHARE * mean_cosine + (1 - _INSTANCE_SHARE) * usual
