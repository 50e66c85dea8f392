"""Statistics over the chunks of an index, for ranking; updated with each document.

A chunk is visible in its index from the moment its ``terms`` are written. The same transaction adds
it to the index's number of chunks and to the document frequency of each of its terms, so that
BM25's idf always matches the chunks that a search sees. An advisory lock, taken as late as
possible, admits one transaction of an instance at a time.

Fusion needs the standard deviation of the cosines between questions and chunks. It is estimated
from pairs of chunks of the instance, without questions; for e5 the difference is less than a
quarter. The mean of a question's cosines is its cosine with the centroid of the chunks. Deviation
and centroid are estimated again whenever the number of chunks has changed by half, and at each
change while there are few.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

from django.db import connection
from django.db.models import F, TextField
from django.db.models.functions import Cast

from ingestion.chunking import embedding_text
from ingestion.indexing import lexical
from ingestion.indexing.acronyms import find_acronyms
from ingestion.models import (
    SEARCHABLE,
    Acronym,
    Chunk,
    CorpusStatistics,
    Document,
    TermStatistics,
)

# Chunks compared with each other to estimate the deviation of cosines: SAMPLE² / 2 pairs.
_SAMPLE = 200
# Fewer chunks, often of one document, are too similar for an estimate of the deviation, and a
# question's own passage weighs too much in the mean of fewer still.
_SMALLEST_SAMPLE, _SMALLEST_MEAN = 50, 5
_CHANGE = 1.5
# First key of the advisory locks taken here; the second is the instance's id.
_LOCK_CLASS = 0x1DF


def make_searchable(document: Document, generation: int | None = None) -> None:
    """Make the document's embedded chunks visible in an index; visible ones are unchanged.

    By default, it is that of the document. Runs inside ``tenant(instance)``, in the transaction
    that marks the document ready.
    """
    if generation is None:
        generation = document.index_generation
    chunks = (
        Chunk.objects.for_instance(document.instance_id)
        .filter(document=document, generation=generation)
        .filter(embedding__isnull=False)
        .exclude(SEARCHABLE)
        .order_by("position")
        .values_list("id", "heading", "text")
    )
    column = "attached_terms" if document.is_attachment else "terms"
    rows = list(chunks)
    acronyms = {pair for _chunk_id, _heading, text in rows for pair in find_acronyms(text)}
    ids, vectors, frequencies = weigh_passages(document, rows)
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE ingestion_chunk AS chunk SET {column} = row.terms::sparsevec"  # noqa: S608 (ours)
            " FROM unnest(%s::bigint[], %s::text[]) AS row(id, terms)"
            " WHERE chunk.id = row.id AND chunk.instance_id = %s",
            [ids, vectors, document.instance_id],
        )
    if document.is_attachment:
        # Figures or acronyms would tell others which words it has.
        return
    Acronym.objects.bulk_create(
        [
            Acronym(
                instance_id=document.instance_id, document=document, short=short, long=long[:200]
            )
            for short, long in sorted(acronyms)
        ],
        ignore_conflicts=True,
    )
    _add(document.instance_id, generation, frequencies, len(ids))
    _estimate_cosines(document.instance_id, generation)


def weigh_passages(
    document: Document, rows: Iterable[tuple[int, str, str]]
) -> tuple[list[int], list[str], Counter[int]]:
    """Return the ids of passages, their BM25 weights, and in how many of them each term is.

    ``rows`` are their ids, headings and texts.
    """
    title = document.title or document.name
    ids, vectors = [], []
    frequencies: Counter[int] = Counter()
    for chunk_id, heading, text in rows:
        counts = lexical.analyse(embedding_text(title, heading, text))
        frequencies.update(counts.keys())
        ids.append(chunk_id)
        vectors.append(lexical.to_sparsevec(lexical.passage_weights(counts)))
    return ids, vectors, frequencies


def withdraw(document: Document) -> list[int]:
    """Hide the document's chunks from retrieval; return the indexes in which they were visible.

    Runs inside ``tenant(instance)``, in the transaction that deletes or replaces them.
    """
    chunks = Chunk.objects.for_instance(document.instance_id).filter(document=document)
    if document.is_attachment:
        found = chunks.filter(SEARCHABLE)
        indexes = sorted(set(found.values_list("generation", flat=True)))
        found.update(attached_terms=None)
        return indexes
    visible = chunks.filter(terms__isnull=False)
    # As text, since converting thousands of sparse vectors to objects is slow.
    as_text = visible.annotate(terms_text=Cast("terms", TextField()))
    frequencies: defaultdict[int, Counter[int]] = defaultdict(Counter)
    counts: Counter[int] = Counter()
    for generation, vector in as_text.values_list("generation", "terms_text").iterator():
        frequencies[generation].update(lexical.sparsevec_terms(vector))
        counts[generation] += 1
    Acronym.objects.for_instance(document.instance_id).filter(document=document).delete()
    visible.update(terms=None)
    for generation, n_chunks in sorted(counts.items()):
        _subtract(document.instance_id, generation, frequencies[generation], n_chunks)
    return sorted(counts)


def _add(instance_id: int, generation: int, frequencies: Counter[int], n_chunks: int) -> None:
    _lock(instance_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ingestion_corpusstatistics AS row (instance_id, generation, chunk_count)"
            " VALUES (%s, %s, %s) ON CONFLICT (instance_id, generation)"
            " DO UPDATE SET chunk_count = row.chunk_count + excluded.chunk_count",
            [instance_id, generation, n_chunks],
        )
        cursor.execute(
            "INSERT INTO ingestion_termstatistics AS row"
            " (instance_id, generation, term, document_frequency)"
            " SELECT %s, %s, * FROM unnest(%s::int[], %s::int[])"
            " ON CONFLICT (instance_id, generation, term) DO"
            " UPDATE SET document_frequency = row.document_frequency + excluded.document_frequency",
            [instance_id, generation, list(frequencies), list(frequencies.values())],
        )


def _subtract(instance_id: int, generation: int, frequencies: Counter[int], n_chunks: int) -> None:
    _lock(instance_id)
    CorpusStatistics.objects.for_instance(instance_id).filter(generation=generation).update(
        chunk_count=F("chunk_count") - n_chunks
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ingestion_termstatistics AS row"
            " SET document_frequency = row.document_frequency - removed.n"
            " FROM unnest(%s::int[], %s::int[]) AS removed(term, n)"
            " WHERE row.instance_id = %s AND row.generation = %s AND row.term = removed.term",
            [list(frequencies), list(frequencies.values()), instance_id, generation],
        )
    TermStatistics.objects.for_instance(instance_id).filter(
        generation=generation, term__in=list(frequencies), document_frequency=0
    ).delete()


def _estimate_cosines(instance_id: int, generation: int) -> None:
    """Estimate deviation and centroid again, if the number of chunks has changed enough."""
    statistics = CorpusStatistics.objects.for_instance(instance_id).get(generation=generation)
    n_chunks, n_before = statistics.chunk_count, statistics.cosine_chunk_count
    is_near = n_before / _CHANGE < n_chunks < n_before * _CHANGE
    if n_chunks < _SMALLEST_MEAN or (is_near and n_chunks > _SAMPLE):
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH sample AS MATERIALIZED (SELECT id, embedding FROM ingestion_chunk"
            "  WHERE instance_id = %s AND generation = %s AND terms IS NOT NULL"
            "  ORDER BY random() LIMIT %s)"
            " UPDATE ingestion_corpusstatistics SET cosine_chunk_count = chunk_count,"
            "  centroid = (SELECT avg(embedding) FROM sample),"
            "  cosine_sigma = CASE WHEN chunk_count >= %s THEN"
            "   (SELECT stddev_pop(one.embedding <#> other.embedding)"
            "    FROM sample AS one JOIN sample AS other ON one.id < other.id) END"
            " WHERE instance_id = %s AND generation = %s",
            [instance_id, generation, _SAMPLE, _SMALLEST_SAMPLE, instance_id, generation],
        )


def _lock(instance_id: int) -> None:
    """Take the lock of the instance's counters until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, instance_id])
