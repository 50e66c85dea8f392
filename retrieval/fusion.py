"""One score from two: cosine / σ + LEXICAL_WEIGHT · BM25 / best BM25.

A cosine is meaningful only relative to the distribution of cosines in the corpus: for e5, between
0.75 and 0.90 with a standard deviation σ of 0.025. A BM25 score is meaningful only relative to the
best possible score of the same query: all of its terms, saturated. Divided by these, the two scores
are comparable and can be added. (Reciprocal rank fusion discards the scores, and with them the
confidence of each.) The lexical score is 0 when query and passages share no words, for instance
because their languages differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ingestion.indexing import lexical
from ingestion.indexing.tried import TriedVersion
from retrieval.acronyms import Acronym, with_other_forms

LEXICAL_WEIGHT = 8.0
# σ of the cosines of e5, until the instance has enough chunks for an estimate.
DEFAULT_COSINE_SIGMA = 0.025


@dataclass(frozen=True)
class WeightedQuery:
    """A search query with its embedding and the weights of its terms in an instance.

    ``embedding`` is of shape ``(dim,)``, L2-normalised; ``terms`` maps a term to its idf;
    ``best_bm25`` (> 0) is the score of a passage saturated with all terms of the query.
    ``mean_cosine`` is the mean cosine of the query and the instance's chunks; None when there are
    too few chunks.
    """

    embedding: NDArray[np.float32]
    terms: Mapping[int, float]
    best_bm25: float
    cosine_sigma: float
    mean_cosine: float | None
    # The weight of a term that the instance never uses, in the evidence of a passage.
    unseen_idf: float = lexical.UNSEEN_IDF
    # The number of chunks of the instance that a search may find.
    chunk_count: int = 0
    # Those of the question. ``ranked_terms`` has the other form of each as well: what BM25 weighs.
    acronyms: tuple[Acronym, ...] = ()
    ranked_terms: Mapping[int, float] = field(default_factory=dict)
    # The index of the instance, and its embedding model (``ingestion.indexing.generations``).
    generation: int = 0
    embedding_model: str = ""
    # A version of a document that is asked in place of the one that answers.
    tried: TriedVersion | None = None

    @property
    def lexical_factor(self) -> float:
        """The factor of a BM25 score in the fused score."""
        return LEXICAL_WEIGHT / self.best_bm25


@dataclass(frozen=True)
class CorpusFigures:
    """What weighs a query in an instance: its numbers of chunks, and those that contain a term.

    ``cosine_sigma`` and ``mean_cosine`` (of the query and the chunks) are None until there are
    enough chunks for an estimate.
    """

    chunk_count: int = 0
    cosine_sigma: float | None = None
    mean_cosine: float | None = None
    frequencies: Mapping[int, int] = field(default_factory=dict)


def weigh_query(
    *,
    embedding: NDArray[np.float32],
    terms: set[int],
    corpus: CorpusFigures,
    acronyms: tuple[Acronym, ...] = (),
) -> WeightedQuery:
    """Return a query with the idf of its terms and the distribution of cosines in an instance.

    ``embedding`` is of shape ``(dim,)``, L2-normalised. The frequencies of ``corpus`` include those
    of the terms that ``acronyms`` add.
    """
    idfs = {
        term: lexical.idf(corpus.frequencies.get(term, 0), corpus.chunk_count) for term in terms
    }
    total = sum(idfs.values()) or 1.0
    known = {term: idf for term, idf in idfs.items() if term in corpus.frequencies}
    ranked = known
    if acronyms:
        used = {
            term: lexical.idf(count, corpus.chunk_count)
            for term, count in corpus.frequencies.items()
        }
        ranked = with_other_forms(known, acronyms, used, lexical.UNSEEN_IDF)
    return WeightedQuery(
        embedding=embedding,
        terms=known,
        ranked_terms=ranked,
        best_bm25=lexical.SATURATION * total,
        cosine_sigma=corpus.cosine_sigma or DEFAULT_COSINE_SIGMA,
        mean_cosine=corpus.mean_cosine,
        # In a small instance no term is rare, and most words of other people are absent.
        unseen_idf=min(lexical.UNSEEN_IDF, lexical.idf(1, corpus.chunk_count)),
        chunk_count=corpus.chunk_count,
        acronyms=acronyms,
    )
