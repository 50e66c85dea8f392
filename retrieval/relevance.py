"""Estimates whether a passage is relevant to the query, or only the nearest of irrelevant ones.

Two measures are added:

- *dense*: by how many σ the cosine exceeds that of an unrelated passage. The latter is the mean of
  two estimates: the mean cosine of the query in this instance (with the centroid of its chunks),
  and, for known embedding models, the usual cosine of unrelated texts. The first alone would reject
  everything in an instance whose documents have a single subject.
- *lexical*: the share of the best possible BM25.

A logistic function maps the sum to a relevance between 0 and 1. Its midpoint depends on the share
of the query's words that the instance uses: a relevant passage in the language of the query shares
words with it, so more evidence is required than from a passage in another language. Constants and
thresholds were measured on questions asked of their own corpus, of another one, and of their own
without the article that answers them: docs/decisions/005-retrieval.md.
"""

import math
from collections.abc import Mapping

from instances.models import Instance
from retrieval.fusion import LEXICAL_WEIGHT, WeightedQuery

# Usual cosine of a question with an unrelated passage, by embedding model.
UNRELATED_COSINE: Mapping[str, float] = {"intfloat/multilingual-e5-small": 0.75}
# The evidence at which the relevance is 0.5: for a query of which the instance uses no word, and
# for one with at least this share of known words (shares of the best BM25).
_MIDDLE_FOREIGN, _MIDDLE_KNOWN = 2.1, 3.0
_KNOWN_ENOUGH = 0.4
# The slope of the logistic function.
_SLOPE = 2.2
# The minimum relevance of the best passage: below it, the answer is that nothing was found.
THRESHOLDS: Mapping[str, float] = {
    Instance.Strictness.LENIENT: 0.25,
    Instance.Strictness.BALANCED: 0.5,
    Instance.Strictness.STRICT: 0.75,
}


def passage_relevance(
    query: WeightedQuery, *, cosine: float, bm25: float, embedding_model: str
) -> float:
    """Return the relevance, in [0, 1], of a passage with these scores.

    Returns 1 when the usual cosines are unknown, both for the model and in the instance.
    """
    unrelated = unrelated_cosine(query.mean_cosine, embedding_model)
    if unrelated is None:
        return 1.0
    dense = (cosine - unrelated) / query.cosine_sigma
    evidence = dense + LEXICAL_WEIGHT * bm25 / query.best_bm25
    return 1 / (1 + math.exp(_SLOPE * (_middle(query.known_share) - evidence)))


def _middle(known_share: float) -> float:
    """Return the evidence at which the relevance is 0.5, for a share of known words."""
    known = min(1.0, known_share / _KNOWN_ENOUGH)
    return _MIDDLE_FOREIGN + known * (_MIDDLE_KNOWN - _MIDDLE_FOREIGN)


def unrelated_cosine(mean_cosine: float | None, embedding_model: str) -> float | None:
    """Return the expected cosine of a query and an unrelated passage; None when unknown."""
    known = [c for c in (mean_cosine, UNRELATED_COSINE.get(embedding_model)) if c is not None]
    return sum(known) / len(known) if known else None
