"""One score from two: cosine / σ + LEXICAL_WEIGHT · BM25 / best BM25.

A cosine says little until one knows how cosines spread in a corpus: for e5, between 0.75 and 0.90
with a standard deviation σ of 0.025. A BM25 score says little until one knows the best that this
very question could have got: all of its terms, saturated. Divided by these, both are on a scale of
their own sureness, and can be added. (Fusing ranks instead, as reciprocal rank fusion does, throws
away how sure each leg is.) The lexical leg falls silent by itself when a question shares no words
with the passages, because it is in another language, say.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingestion import lexical

LEXICAL_WEIGHT = 8.0
# σ of e5's cosines: used until the instance has enough chunks to estimate its own.
DEFAULT_COSINE_SIGMA = 0.025


@dataclass(frozen=True)
class Question:
    """A question as ranking sees it.

    ``embedding`` is of shape ``(dim,)``, L2-normalised; ``terms`` maps a term to its idf;
    ``best_bm25`` is what a passage full of all the question's terms would score, > 0.
    """

    embedding: NDArray[np.float32]
    terms: Mapping[int, float]
    best_bm25: float
    cosine_sigma: float

    @property
    def lexical_factor(self) -> float:
        """What a BM25 score is multiplied by in the fused score."""
        return LEXICAL_WEIGHT / self.best_bm25


def weigh_question(
    *,
    embedding: NDArray[np.float32],
    terms: set[int],
    frequencies: Mapping[int, int],
    chunk_count: int,
    cosine_sigma: float | None,
) -> Question:
    """Weigh a question's terms by the instance's document frequencies."""
    idfs = {term: lexical.idf(frequencies.get(term, 0), chunk_count) for term in terms}
    return Question(
        embedding=embedding,
        terms={term: idf for term, idf in idfs.items() if term in frequencies},
        best_bm25=lexical.SATURATION * sum(idfs.values()) or 1.0,
        cosine_sigma=cosine_sigma or DEFAULT_COSINE_SIGMA,
    )
