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

from ingestion.indexing import lexical
from ingestion.models import CorpusStatistics

LEXICAL_WEIGHT = 8.0
# σ of e5's cosines: used until the instance has enough chunks to estimate its own.
DEFAULT_COSINE_SIGMA = 0.025


@dataclass(frozen=True)
class Question:
    """A question as ranking sees it.

    ``embedding`` is of shape ``(dim,)``, L2-normalised; ``terms`` maps a term to its idf;
    ``best_bm25`` is what a passage full of all the question's terms would score, > 0, and
    ``known_share`` the part of it that terms used in the instance make up. ``mean_cosine`` is the
    mean of the question's cosines with the instance's chunks, None when it is too small to tell.
    """

    embedding: NDArray[np.float32]
    terms: Mapping[int, float]
    best_bm25: float
    known_share: float
    cosine_sigma: float
    mean_cosine: float | None

    @property
    def lexical_factor(self) -> float:
        """What a BM25 score is multiplied by in the fused score."""
        return LEXICAL_WEIGHT / self.best_bm25


def weigh_question(
    *,
    embedding: NDArray[np.float32],
    terms: set[int],
    frequencies: Mapping[int, int],
    statistics: CorpusStatistics,
) -> Question:
    """Weigh a question's terms by the instance's document frequencies, and place its cosines.

    ``embedding`` is of shape ``(dim,)``, L2-normalised.
    """
    idfs = {term: lexical.idf(frequencies.get(term, 0), statistics.chunk_count) for term in terms}
    known = {term: idf for term, idf in idfs.items() if term in frequencies}
    total = sum(idfs.values()) or 1.0
    centroid = np.asarray(statistics.centroid or (), np.float32)
    # A centroid of other dimensions is that of an embedding model no longer in use.
    estimated = centroid.shape == embedding.shape
    return Question(
        embedding=embedding,
        terms=known,
        best_bm25=lexical.SATURATION * total,
        known_share=sum(known.values()) / total,
        cosine_sigma=(statistics.cosine_sigma if estimated else None) or DEFAULT_COSINE_SIGMA,
        mean_cosine=float(embedding @ centroid) if estimated else None,
    )
