"""Ranks the chunks of an instance for a query, in one SQL statement.

Both scores are computed for every visible chunk of the instance, so the ranking is exact. Of a
large instance only its candidates are ranked (``retrieval.candidates``), unless the search is
restricted to some documents. A chunk is visible once its whole document is ready (``terms`` is
set).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import connection

from ingestion.indexing import lexical
from ingestion.indexing.acronyms import folded_words, written_acronyms
from ingestion.indexing.generations import SearchIndex, active_index
from ingestion.indexing.tried import TriedVersion, read_tried
from ingestion.models import DEFAULT_TITLE, TERM_SPACE
from instances.models import Instance
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
    "page_end_label",
    "heading",
    "text",
    "char_start",
    "char_end",
    "score",
    "cosine",
    "bm25",
    "sensitivity",
    "document_dated",
)

# Few passages end on another page than they begin on.
END_LABEL = """
       coalesce(CASE WHEN chunk.page_end > chunk.page_start THEN (
           SELECT label FROM ingestion_documentpage AS ending
           WHERE ending.document_id = chunk.document_id AND ending.number = chunk.page_end) END, '')
"""
# The terms of a version that is tried are not stored: the rest of its score is that of BM25.
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
       document.unit, chunk.page_start, chunk.page_end, coalesce(page.label, ''),
       {end_label}, chunk.heading, chunk.text, chunk.char_start, chunk.char_end, best.score,
       - (chunk.embedding <#> %(embedding)s::halfvec),
       coalesce(- (coalesce(chunk.terms, chunk.attached_terms) <#> %(terms)s::sparsevec),
           (best.score + (chunk.embedding <#> %(embedding)s::halfvec) / %(sigma)s)
           / %(lexical_factor)s),
       document.sensitivity,
       document.dated
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
             WHERE instance_id = %(instance_id)s AND generation = %(generation)s
               AND term = ANY(%(terms)s)),
       ARRAY(SELECT DISTINCT ARRAY[short, long] FROM ingestion_acronym
             WHERE instance_id = %(instance_id)s
               AND (short = ANY(%(acronyms)s) OR strpos(%(words)s, ' ' || long || ' ') > 0))
FROM ingestion_corpusstatistics, CAST(%(embedding)s AS vector) AS query,
     LATERAL (SELECT vector_dims(centroid) = vector_dims(query) AS is_current) AS compared
WHERE instance_id = %(instance_id)s AND generation = %(generation)s
"""
_FREQUENCIES = """
SELECT term, document_frequency FROM ingestion_termstatistics
WHERE instance_id = %(instance_id)s AND generation = %(generation)s AND term = ANY(%(terms)s)
"""
_VISIBLE = (
    "SELECT id, embedding, terms FROM ingestion_chunk"
    " WHERE instance_id = %(instance_id)s AND generation = %(generation)s AND terms IS NOT NULL"
)
# Passages of the attachments of a conversation, which are in no statistics.
_ATTACHED = """
SELECT id, embedding, attached_terms AS terms FROM ingestion_chunk
WHERE instance_id = %(instance_id)s AND generation = %(generation)s
  AND attached_terms IS NOT NULL AND document_id = ANY(%(attached)s)
"""
_ATTACHED_FIGURES = """
WITH attached AS MATERIALIZED ({attached})
SELECT NULL, count(*) FROM attached
UNION ALL
SELECT term, count(*) FROM unnest(%(terms)s::int[]) AS term
JOIN attached ON terms <#> format('{{%%s:1}}/%%s', term + 1, %(term_space)s)::sparsevec < 0
GROUP BY term
"""
# Of a document that a newer version has replaced, the passages of that one.
_OF_DOCUMENTS = (
    " AND document_id IN (SELECT current.id FROM ingestion_document AS asked"
    " JOIN ingestion_document AS current USING (series) WHERE asked.id = ANY(%(document_ids)s))"
)
# A version that is tried is ranked in place of the one that answers.
_NOT_TRIED = (
    " AND document_id NOT IN (SELECT other.id FROM ingestion_document AS tried"
    " JOIN ingestion_document AS other USING (series) WHERE tried.id = %(tried_id)s)"
)
_TRIED = (
    " UNION ALL SELECT chunk.id, chunk.embedding, tried.terms::sparsevec"
    " FROM unnest(%(tried_chunks)s::bigint[], %(tried_terms)s::text[]) AS tried(id, terms)"
    " JOIN ingestion_chunk AS chunk USING (id) WHERE chunk.instance_id = %(instance_id)s"
)
_IS_ASKED = (
    " AND EXISTS (SELECT FROM ingestion_document AS asked"
    " JOIN ingestion_document AS tried USING (series)"
    " WHERE asked.id = ANY(%(document_ids)s) AND tried.id = %(tried_id)s)"
)


def prepare_query(
    *, instance: Instance, query: str, embedding: Any, attached: Sequence[UUID] = ()
) -> WeightedQuery:
    """Return a query with its weights in an instance and some attachments of a conversation.

    Runs inside ``tenant(instance)``.
    """
    terms = set(lexical.analyse(query))
    index = active_index(instance)
    tried = read_tried(instance.pk, *instance.tried_version) if instance.tried_version else None
    parameters = {
        "instance_id": as_parameter(instance.pk),
        "generation": as_parameter(index.generation),
        "embedding": _vector(embedding),
        "terms": [as_parameter(term) for term in terms],
        "acronyms": written_acronyms(query),
        "words": folded_words(query),
    }
    with prepared_cursor() as cursor:
        cursor.execute(_FIGURES, parameters)
        row: Any = cursor.fetchone()
        chunk_count, cosine_sigma, mean_cosine, pairs, known = row or (0, None, None, (), ())
        frequencies = dict(pairs)
        acronyms = acronyms_in(query, known)
        if added := frozenset[int]().union(*(each.added for each in acronyms)) - terms:
            parameters["terms"] = [as_parameter(term) for term in added]
            cursor.execute(_FREQUENCIES, parameters)
            frequencies |= dict(cursor.fetchall())
    if tried is not None:
        # So that words which only this version has weigh; the other one is counted as well.
        new = tried.frequencies
        frequencies |= {term: frequencies.get(term, 0) + new[term] for term in terms & new.keys()}
    corpus = CorpusFigures(chunk_count, cosine_sigma, mean_cosine, frequencies)
    if attached:
        corpus = _with_attached(corpus, index, instance.pk, attached, {*terms, *frequencies})
    weighted = weigh_query(embedding=embedding, terms=terms, corpus=corpus, acronyms=acronyms)
    return replace(
        weighted, generation=index.generation, embedding_model=index.embedding_model, tried=tried
    )


def _with_attached(
    corpus: CorpusFigures,
    index: SearchIndex,
    instance_id: int,
    attached: Sequence[UUID],
    terms: set[int],
) -> CorpusFigures:
    """Return the figures of the instance with those of the passages of attachments."""
    parameters: dict[str, Any] = {
        "instance_id": instance_id,
        "generation": index.generation,
        "attached": list(attached),
        "terms": list(terms),
        "term_space": TERM_SPACE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ATTACHED_FIGURES.format(attached=_ATTACHED), parameters)
        counts: dict[int | None, int] = dict(cursor.fetchall())
    n_chunks = counts.pop(None)
    found = {term: n for term, n in counts.items() if term is not None}
    frequencies = Counter(corpus.frequencies) + Counter(found)
    return replace(corpus, chunk_count=corpus.chunk_count + n_chunks, frequencies=dict(frequencies))


def rank_chunks(
    *,
    instance_id: int,
    query: WeightedQuery,
    limit: int,
    document_ids: Sequence[UUID] = (),
    attached: Sequence[UUID] = (),
) -> list[dict[str, Any]]:
    """Return the ``limit`` best chunks as rows of ``_COLUMNS``, best first, ties by id.

    ``document_ids`` restricts the search to those documents, and to the attachments ``attached``
    of a conversation, which are searched besides. Runs inside ``tenant(instance)``.
    """
    chunks, parameters = ranked_chunks(instance_id, query, limit, document_ids)
    if attached:
        chunks += f" UNION ALL {_ATTACHED}"
        parameters["attached"] = list(attached)
    return _rank(chunks, instance_id, query, limit, parameters)


def ranked_chunks(
    instance_id: int, query: WeightedQuery, limit: int, document_ids: Sequence[UUID] = ()
) -> tuple[str, dict[str, Any]]:
    """Return the statement that selects what a search ranks, and its parameters.

    Its columns are ``id``, ``embedding`` and ``terms``; it needs the parameters ``instance_id`` and
    ``generation`` besides. Runs inside ``tenant(instance)``.
    """
    is_exact = document_ids or query.tried
    found = None if is_exact else find_candidates(instance_id, query, limit)
    if found is None:
        return _exactly(document_ids, query.tried)
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
    chunks, parameters = _exactly(document_ids, query.tried)
    return _rank(chunks, instance_id, query, limit, parameters)


def _exactly(
    document_ids: Sequence[UUID], tried: TriedVersion | None
) -> tuple[str, dict[str, Any]]:
    chunks = _VISIBLE + (_OF_DOCUMENTS if document_ids else "")
    parameters: dict[str, Any] = {"document_ids": list(document_ids)}
    if tried is not None:
        chunks += _NOT_TRIED + _TRIED + (_IS_ASKED if document_ids else "")
        parameters |= {
            "tried_id": tried.document_id,
            "tried_chunks": tried.chunk_ids,
            "tried_terms": tried.terms,
        }
    return chunks, parameters


def _rank(
    chunks: str, instance_id: int, query: WeightedQuery, limit: int, parameters: dict[str, Any]
) -> list[dict[str, Any]]:
    """Rank the chunks that a statement, with its parameters, selects."""
    values: dict[str, Any] = parameters | {
        "instance_id": instance_id,
        "generation": query.generation,
        "embedding": _vector(query.embedding),
        "terms": lexical.to_sparsevec(query.ranked_terms),
        "sigma": query.cosine_sigma,
        "lexical_factor": query.lexical_factor,
        "limit": limit,
        "default_title": DEFAULT_TITLE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_RANKING.format(chunks=chunks, end_label=END_LABEL), values)
        return [dict(zip(_COLUMNS, row, strict=True)) for row in cursor.fetchall()]


def _vector(embedding: Any) -> str:
    """Return a vector, ``(dim,)``, in pgvector's text format."""
    return "[" + ",".join(map("%.6g".__mod__, embedding.tolist())) + "]"
