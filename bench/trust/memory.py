"""A corpus in memory, searched as an instance is, without a database.

Passages are cut, weighted and scored by the functions of the product; the only thing done again is
the ranking statement (``retrieval.ranking``), which is a sum of two products.
"""

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import numpy as np
from numpy.typing import NDArray

from ingestion.chunking import TokenCounter, chunk_document, embedding_text
from ingestion.indexing import lexical
from ingestion.indexing.acronyms import find_acronyms
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.registry import parse
from instances.models import Sensitivity
from retrieval.acronyms import acronyms_in
from retrieval.fusion import CorpusFigures, WeightedQuery, weigh_query
from retrieval.results import RetrievedChunk

CHUNK_TOKENS = 256
TOP_K = 6
# As ``ingestion.indexing.statistics`` estimates them.
_SMALLEST_SAMPLE, _SMALLEST_MEAN, _SAMPLE = 50, 5, 200
_LIMITS = ParseLimits(max_pages=1000, max_text_chars=10**7, memory_bytes=2**30, cpu_seconds=60)


@dataclass(frozen=True)
class Text:
    """A passage before it is indexed: its document's name and title, its headings, its words."""

    document: str
    title: str
    heading: str
    text: str


class MemoryIndex:
    """The passages of a corpus and their vectors, (n_passages, dim) float32, L2-normalised."""

    def __init__(self, texts: Sequence[Text], vectors: NDArray[np.float32]) -> None:
        self.texts, self.vectors = texts, vectors
        counts = [
            lexical.analyse(embedding_text(each.title or each.document, each.heading, each.text))
            for each in texts
        ]
        self.acronyms = {pair for each in texts for pair in find_acronyms(each.text)}
        self.frequencies = Counter(term for count in counts for term in count)
        self._weights = [lexical.passage_weights(count) for count in counts]
        self._centroid: NDArray[np.float32] | None = None
        self._cosine_sigma: float | None = None
        chosen = np.random.default_rng(0).permutation(len(texts))[:_SAMPLE]
        sample = vectors[chosen]
        if len(texts) >= _SMALLEST_MEAN:
            self._centroid = sample.mean(axis=0)
        if len(texts) >= _SMALLEST_SAMPLE:
            cosines = (sample @ sample.T)[np.triu_indices(len(sample), 1)]
            self._cosine_sigma = float(cosines.std())

    def weigh(self, question: str, vector: NDArray[np.float32]) -> WeightedQuery:
        """Return the question with its weights in this corpus."""
        terms = set(lexical.analyse(question))
        acronyms = acronyms_in(question, self.acronyms)
        wanted = terms.union(*(each.added for each in acronyms))
        corpus = CorpusFigures(
            chunk_count=len(self.texts),
            cosine_sigma=self._cosine_sigma,
            mean_cosine=None if self._centroid is None else float(vector @ self._centroid),
            frequencies={term: self.frequencies[term] for term in wanted if self.frequencies[term]},
        )
        return weigh_query(embedding=vector, terms=terms, corpus=corpus, acronyms=acronyms)

    def rank(
        self, query: WeightedQuery, *, limit: int = TOP_K, without: frozenset[int] = frozenset()
    ) -> list[RetrievedChunk]:
        """Return the best passages, best first, leaving out those with a position in ``without``.

        Their relevance is 0: ``retrieval.search`` decides on it after ranking.
        """
        cosines = self.vectors @ query.embedding
        bm25 = np.array(
            [
                sum(idf * weights.get(term, 0.0) for term, idf in query.ranked_terms.items())
                for weights in self._weights
            ]
        )
        scores = cosines / query.cosine_sigma + query.lexical_factor * bm25
        if without:
            scores[list(without)] = -np.inf
        best = np.argsort(-scores, kind="stable")[:limit]
        return [
            self.chunk(int(i), float(scores[i]), float(cosines[i]), float(bm25[i])) for i in best
        ]

    def chunk(
        self, position: int, score: float = 1.0, cosine: float = 0.9, bm25: float = 1.0
    ) -> RetrievedChunk:
        """Return one passage as a search returns it."""
        each = self.texts[position]
        return RetrievedChunk(
            chunk_id=position,
            document_id=uuid5(NAMESPACE_URL, each.document),
            document_name=each.document,
            document_title=each.title,
            unit="page",
            page_start=1,
            page_end=1,
            page_label="",
            heading=each.heading,
            text=each.text,
            char_start=0,
            char_end=len(each.text),
            score=score,
            cosine=cosine,
            bm25=bm25,
            relevance=0.0,
            sensitivity=Sensitivity.PUBLIC,
        )


def passages_of(name: str, content: str, counter: TokenCounter) -> list[Text]:
    """Return the passages of a Markdown document, as ingestion cuts them."""
    parsed = parse(io.BytesIO(content.encode()), name=name, limits=_LIMITS)
    return [
        Text(name, parsed.title or "", passage.heading, passage.text)
        for passage in chunk_document(parsed, counter=counter, chunk_tokens=CHUNK_TOKENS)
    ]


def token_counter(model_folder: Path) -> TokenCounter:
    """Return the counter of the embedding model's tokens."""
    return TokenCounter(model_folder / "tokenizer.json")
