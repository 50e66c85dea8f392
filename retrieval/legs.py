"""Explains a search: the rank of each passage by each leg alone, and what speaks for it.

``retrieval.search`` decides; this module only shows how, to editors. It ranks three times what a
search ranks (``retrieval.ranking``), so it costs about three times as much. Copies have ranks of
their own here: which of them are folded, a search says.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from ingestion.indexing import lexical
from ingestion.models import DEFAULT_TITLE
from instances.models import Instance, Sensitivity
from retrieval.evidence.decision import answer_probability
from retrieval.evidence.features import Features, TranslatedFeatures
from retrieval.evidence.questions import AskedQuestion, read_question
from retrieval.fusion import WeightedQuery
from retrieval.ranking import END_LABEL, prepare_query, ranked_chunks
from retrieval.relevance import passage_features, unrelated_cosine
from retrieval.results import RetrievedChunk

# How many of the best passages of each leg are explained.
DEPTH = 10

_COLUMNS = (
    *("chunk_id", "document_id", "document_name", "document_title", "unit", "page_start"),
    *("page_end", "page_label", "page_end_label", "heading", "text", "char_start", "char_end"),
    *("score", "cosine", "bm25", "sensitivity", "dense_rank", "lexical_rank", "fused_rank"),
)
_RANKS = ("dense_rank", "lexical_rank", "fused_rank")
_LEGS = """
WITH scored AS MATERIALIZED (
    SELECT id, - (embedding <#> %(embedding)s::halfvec) AS cosine,
           - (terms <#> %(terms)s::sparsevec) AS bm25
    FROM ({chunks}) AS visible
), fused AS (
    SELECT *, cosine / %(sigma)s + bm25 * %(lexical_factor)s AS score FROM scored
), ranked AS (
    SELECT *, row_number() OVER (ORDER BY cosine DESC, id) AS dense_rank,
           row_number() OVER (ORDER BY bm25 DESC, id) AS lexical_rank,
           row_number() OVER (ORDER BY score DESC, id) AS fused_rank
    FROM fused
)
SELECT chunk.id, chunk.document_id, document.name,
       CASE WHEN document.title ~* %(default_title)s THEN '' ELSE document.title END,
       document.unit, chunk.page_start, chunk.page_end, coalesce(page.label, ''),
       {end_label}, chunk.heading, chunk.text, chunk.char_start, chunk.char_end, ranked.score,
       ranked.cosine, ranked.bm25,
       document.sensitivity, ranked.dense_rank,
       CASE WHEN ranked.bm25 > 0 THEN ranked.lexical_rank END, ranked.fused_rank
FROM ranked
JOIN ingestion_chunk AS chunk USING (id)
JOIN ingestion_document AS document ON document.id = chunk.document_id
LEFT JOIN ingestion_documentpage AS page
    ON page.document_id = chunk.document_id AND page.number = chunk.page_start
WHERE dense_rank <= %(depth)s OR (ranked.bm25 > 0 AND lexical_rank <= %(depth)s)
    OR fused_rank <= %(depth)s OR ranked.id = ANY(%(chunk_ids)s)
ORDER BY fused_rank
"""


@dataclass(frozen=True, slots=True)
class ExplainedChunk:
    """A passage with its rank by each leg, counted from 1, and what speaks for it.

    ``lexical_rank`` is None when it shares no word with the query; ``features`` is None when the
    usual cosines of the embedding model are unknown, and the relevance of the passage then 1.
    """

    chunk: RetrievedChunk
    dense_rank: int
    lexical_rank: int | None
    fused_rank: int
    features: Features | TranslatedFeatures | None


@dataclass(frozen=True, slots=True)
class ExplainedSearch:
    """The best passages of each leg and those asked for, in the order of the fusion.

    ``word_weights`` are the words of the query with their idf, those that the instance never uses
    included; ``unrelated_cosine`` is the expected cosine of an unrelated passage, None if unknown.
    """

    chunks: tuple[ExplainedChunk, ...]
    asked: AskedQuestion
    word_weights: tuple[tuple[str, float], ...]
    cosine_sigma: float
    unrelated_cosine: float | None


def explain_search(
    *,
    instance: Instance,
    query: str,
    embedding: NDArray[np.float32],
    depth: int,
    chunk_ids: Sequence[int] = (),
) -> ExplainedSearch:
    """Return the ``depth`` best passages of each leg and of the fusion, and ``chunk_ids``.

    ``embedding`` is of shape ``(dim,)``, L2-normalised. Runs inside ``tenant(instance)``.
    """
    weighted = prepare_query(instance=instance, query=query, embedding=embedding)
    asked = read_question(query)
    rows = _rank_by_legs(instance.pk, weighted, depth, chunk_ids)
    words = lexical.words_of_terms(query)
    return ExplainedSearch(
        chunks=tuple(_explained(row, instance, asked, weighted) for row in rows),
        asked=asked,
        word_weights=tuple(
            (word, weighted.terms.get(term, weighted.unseen_idf)) for term, word in words.items()
        ),
        cosine_sigma=weighted.cosine_sigma,
        unrelated_cosine=unrelated_cosine(weighted.mean_cosine, weighted.embedding_model),
    )


def _rank_by_legs(
    instance_id: int, query: WeightedQuery, depth: int, chunk_ids: Sequence[int]
) -> list[dict[str, Any]]:
    chunks, selected = ranked_chunks(instance_id, query, depth)
    parameters: dict[str, Any] = selected | {
        "instance_id": instance_id,
        "generation": query.generation,
        "embedding": "[" + ",".join(map("%.6g".__mod__, query.embedding.tolist())) + "]",
        "terms": lexical.to_sparsevec(query.ranked_terms),
        "sigma": query.cosine_sigma,
        "lexical_factor": query.lexical_factor,
        "depth": depth,
        "default_title": DEFAULT_TITLE,
        "chunk_ids": list(chunk_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(_LEGS.format(chunks=chunks, end_label=END_LABEL), parameters)
        return [dict(zip(_COLUMNS, row, strict=True)) for row in cursor.fetchall()]


def _explained(
    row: dict[str, Any], instance: Instance, asked: AskedQuestion, weighted: WeightedQuery
) -> ExplainedChunk:
    ranks = {name: row.pop(name) for name in _RANKS}
    level = Sensitivity.highest([Sensitivity(instance.sensitivity), row["sensitivity"]])
    chunk = RetrievedChunk(**row | {"sensitivity": level}, relevance=1.0)
    features = passage_features(asked, weighted, chunk, weighted.embedding_model)
    if features is not None:
        chunk = replace(chunk, relevance=answer_probability(features))
    return ExplainedChunk(chunk=chunk, features=features, **ranks)
