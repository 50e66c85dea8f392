"""Whether the best passages are good enough to answer from, or nothing was found.

Some passage always comes first. Two things tell whether it has to do with the question:

- *dense*: by how many σ its cosine exceeds that of an unrelated passage. What "unrelated" is worth
  is the mean of the question's cosines in this instance (its cosine with the centroid of the
  chunks) and, for a model whose habits are known, the usual cosine of texts that have nothing to do
  with each other, half and half: the first alone would refuse everything in an instance that is
  all about one subject.
- *lexical*: the share of the best possible BM25 that it gets.

Their sum goes through a logistic curve to a relevance between 0 and 1. How much is asked for
depends on how many of the question's words the instance uses: a passage that answers a question in
its own language shares some of them, so more is asked than of one in another language, which
shares none. Constants and thresholds
were measured on questions asked of their own corpus, of another one, and of their own without the
article that answers them: docs/decisions/005-retrieval.md.
"""

import math
from collections.abc import Mapping

from instances.models import Instance
from retrieval.fusion import LEXICAL_WEIGHT, Question

# Usual cosine of a question with an unrelated passage, by embedding model.
UNRELATED_COSINE: Mapping[str, float] = {"intfloat/multilingual-e5-small": 0.75}
# Evidence at which an answer is as likely as not: for a question of which the instance uses no
# word, and for one of which it uses enough (shares of the best BM25).
_MIDDLE_FOREIGN, _MIDDLE_KNOWN = 2.1, 3.0
_KNOWN_ENOUGH = 0.4
# How quickly certainty comes around it.
_SLOPE = 2.2
# The relevance from which the best passage is answered from.
THRESHOLDS: Mapping[str, float] = {
    Instance.Strictness.LENIENT: 0.25,
    Instance.Strictness.BALANCED: 0.5,
    Instance.Strictness.STRICT: 0.75,
}


def passage_relevance(
    question: Question, *, cosine: float, bm25: float, embedding_model: str
) -> float:
    """Return how relevant a passage with these two scores is, in [0, 1].

    1 when nothing is known of the model's cosines, neither by name nor from the instance.
    """
    unrelated = unrelated_cosine(question.mean_cosine, embedding_model)
    if unrelated is None:
        return 1.0
    dense = (cosine - unrelated) / question.cosine_sigma
    evidence = dense + LEXICAL_WEIGHT * bm25 / question.best_bm25
    return 1 / (1 + math.exp(_SLOPE * (_middle(question.known_share) - evidence)))


def _middle(known_share: float) -> float:
    """Return the evidence to ask for, given the share of the question that the instance's words
    make up."""
    known = min(1.0, known_share / _KNOWN_ENOUGH)
    return _MIDDLE_FOREIGN + known * (_MIDDLE_KNOWN - _MIDDLE_FOREIGN)


def unrelated_cosine(mean_cosine: float | None, embedding_model: str) -> float | None:
    """Return the cosine to expect of a passage that has nothing to do with the question."""
    known = [c for c in (mean_cosine, UNRELATED_COSINE.get(embedding_model)) if c is not None]
    return sum(known) / len(known) if known else None
