"""Ranks the chunks of an instance for a query, in one SQL statement.

Both scores are computed for every visible chunk of the instance, so the ranking is exact. Of a
large instance only its candidates are ranked (``retrieval.candidates``), unless the search is
restricted to some documents. A chunk is visible once its whole document is ready (``terms`` is
set).
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from ingestion.indexing import lexical
from ingestion.indexing.acronyms import folded_words, written_acronyms
from ingestion.models import DEFAULT_TITLE
from retrieval.acronyms import acronyms_in
from retrieval.candidates import find_candidates
from retrieval.fusion import CorpusFigures, WeightedQuery, weigh_query
from web.postgresql.prepared import as_parameter, prepared_cursor

_COLUMNS = (
    "chunk_id",
    "document_id",
    "document_name",
    "document_title",
    "unit",
    "page_start",
    "page_end",
    "page_label",
    "heading",
    "text",
    "char_start",
    "char_end",
    "score",
    "cosine",
    "bm25",
    "sensitivity",
)

# The inner statement scores every chunk; all columns are read for the best chunks only.
_RANKING = """
WITH best AS MATERIALIZED (
    SELECT id, - (embedding <#> %(embedding)s::halfvec) / %(sigma)s
             - (terms <#> %(terms)s::sparsevec) * %(lexical_factor)s AS score
    FROM ({chunks}) AS visible
    ORDER BY score DESC, id LIMIT %(limit)s
)
SELECT chunk.id, chunk.document_id, document.name,
       CASE WHEN document.title ~* %(default_title)s THEN '' ELSE document.title END,
       document.unit, chunk.page_start, chunk.page_end, coalesce(page.label, ''), chunk.heading,
       chunk.text, chunk.char_start, chunk.char_end, best.score,
       - (chunk.embedding <#> %(embedding)s::halfvec),
       - (chunk.terms <#> %(terms)s::sparsevec), document.sensitivity
FROM best
JOIN ingestion_chunk AS chunk USING (id)
JOIN ingestion_document AS document ON document.id = chunk.document_id
LEFT JOIN ingestion_documentpage AS page
    ON page.document_id = chunk.document_id AND page.number = chunk.page_start
ORDER BY best.score DESC, best.id
"""
# A centroid of other dimensions belongs to an embedding model that is no longer used, as does the
# deviation of its cosines.
_FIGURES = """
SELECT chunk_count, CASE WHEN is_current THEN cosine_sigma END,
       CASE WHEN is_current THEN - (centroid::vector <#> query) END,
       ARRAY(SELECT ARRAY[term, document_frequency] FROM ingestion_termstatistics
             WHERE instance_id = %(instance_id)s AND term = ANY(%(terms)s)),
       ARRAY(SELECT DISTINCT ARRAY[short, long] FROM ingestion_acronym
             WHERE instance_id = %(instance_id)s
               AND (short = ANY(%(acronyms)s) OR strpos(%(words)s, ' ' || long || ' ') > 0))
FROM ingestion_corpusstatistics, CAST(%(embedding)s AS vector) AS query,
     LATERAL (SELECT vector_dims(centroid) = vector_dims(query) AS is_current) AS compared
WHERE instance_id = %(instance_id)s
"""
_FREQUENCIES = """
SELECT term, document_frequency FROM ingestion_termstatistics
WHERE instance_id = %(instance_id)s AND term = ANY(%(terms)s)
"""
_VISIBLE = (
    "SELECT id, embedding, terms FROM ingestion_chunk"
    " WHERE instance_id = %(instance_id)s AND terms IS NOT NULL"
)
# Of a document that a newer version has replaced, the passages of that one.
_OF_DOCUMENTS = (
    " AND document_id IN (SELECT current.id FROM ingestion_document AS asked"
    " JOIN ingestion_document AS current USING (series) WHERE asked.id = ANY(%(document_ids)s))"
)


def prepare_query(*, instance_id: int, query: str, embedding: Any) -> WeightedQuery:
    """Return a query with its weights in an instance; runs inside ``tenant(instance)``."""
    terms = set(lexical.analyse(query))
    parameters = {
        "instance_id": as_parameter(instance_id),
        "embedding": _vector(embedding),
        "terms": [as_parameter(term) for term in terms],
        "acronyms": written_acronyms(query),
        "words": folded_words(query),
    }
    with prepared_cursor() as cursor:
        cursor.execute(_FIGURES, parameters)
        row: Any = cursor.fetchone()
        if row is None:
            return weigh_query(embedding=embedding, terms=terms, corpus=CorpusFigures())
        chunk_count, cosine_sigma, mean_cosine, pairs, known = row
        frequencies = dict(pairs)
        acronyms = acronyms_in(query, known)
        if added := frozenset[int]().union(*(each.added for each in acronyms)) - terms:
            parameters["terms"] = [as_parameter(term) for term in added]
            cursor.execute(_FREQUENCIES, parameters)
            frequencies |= dict(cursor.fetchall())
    corpus = CorpusFigures(chunk_count, cosine_sigma, mean_cosine, frequencies)
    return weigh_query(embedding=embedding, terms=terms, corpus=corpus, acronyms=acronyms)


def rank_chunks(
    *, instance_id: int, query: WeightedQuery, limit: int, document_ids: Sequence[UUID] = ()
) -> list[dict[str, Any]]:
    """Return the ``limit`` best chunks as rows of ``_COLUMNS``, best first, ties by id.

    ``document_ids`` restricts the search to those documents. Runs inside ``tenant(instance)``.
    """
    chunks, parameters = ranked_chunks(instance_id, query, limit, document_ids)
    return _rank(chunks, instance_id, query, limit, parameters)


def ranked_chunks(
    instance_id: int, query: WeightedQuery, limit: int, document_ids: Sequence[UUID] = ()
) -> tuple[str, dict[str, Any]]:
    """Return the statement that selects what a search ranks, and its parameters.

    Its columns are ``id``, ``embedding`` and ``terms``; it needs the parameter ``instance_id``
    besides. Runs inside ``tenant(instance)``.
    """
    found = None if document_ids else find_candidates(instance_id, query, limit)
    if found is None:
        return _exactly(document_ids)
    chunks = f"{_VISIBLE} AND id = ANY(%(candidates)s::bigint[])"
    if found.document_ids:
        chunks += f" UNION ALL {_VISIBLE}{_OF_DOCUMENTS} AND NOT id = ANY(%(candidates)s::bigint[])"
    # As text: psycopg would look at each of thousands of numbers.
    return chunks, {
        "candidates": f"{{{','.join(map(str, found.chunk_ids))}}}",
        "document_ids": list(found.document_ids),
    }


def rank_exactly(
    *, instance_id: int, query: WeightedQuery, limit: int, document_ids: Sequence[UUID] = ()
) -> list[dict[str, Any]]:
    """Do as ``rank_chunks``, from the scores of all chunks, however many there are."""
    chunks, parameters = _exactly(document_ids)
    return _rank(chunks, instance_id, query, limit, parameters)


def _exactly(document_ids: Sequence[UUID]) -> tuple[str, dict[str, Any]]:
    chunks = _VISIBLE + (_OF_DOCUMENTS if document_ids else "")
    return chunks, {"document_ids": list(document_ids)}


def _rank(
    chunks: str, instance_id: int, query: WeightedQuery, limit: int, parameters: dict[str, Any]
) -> list[dict[str, Any]]:
    """Rank the chunks that a statement, with its parameters, selects."""
    values: dict[str, Any] = parameters | {
        "instance_id": instance_id,
        "embedding": _vector(query.embedding),
        "terms": lexical.to_sparsevec(query.ranked_terms),
        "sigma": query.cosine_sigma,
        "lexical_factor": query.lexical_factor,
        "limit": limit,
        "default_title": DEFAULT_TITLE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_RANKING.format(chunks=chunks), values)
        return [dict(zip(_COLUMNS, row, strict=True)) for row in cursor.fetchall()]


def _vector(embedding: Any) -> str:
    """Return a vector, ``(dim,)``, in pgvector's text format."""
    return "[" + ",".join(map("%.6g".__mod__, embedding.tolist())) + "]"
