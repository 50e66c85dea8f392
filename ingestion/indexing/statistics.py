"""Statistics over the chunks of an instance, for ranking; updated with each document.

A chunk is visible to retrieval from the moment its ``terms`` are written. The same transaction adds
it to the instance's number of chunks and to the document frequency of each of its terms, so that
BM25's idf always matches the chunks that a search sees. An advisory lock, taken as late as
possible, admits one transaction of an instance at a time.

Fusion needs the standard deviation of the cosines between questions and chunks. It is estimated
from pairs of chunks of the instance, without questions; for e5 the difference is less than a
quarter. The mean of a question's cosines is its cosine with the centroid of the chunks. Deviation
and centroid are estimated again whenever the number of chunks has changed by half, and at each
change while there are few.
"""

from collections import Counter

from django.db import connection
from django.db.models import F, TextField
from django.db.models.functions import Cast

from ingestion.chunking import embedding_text
from ingestion.indexing import lexical
from ingestion.indexing.acronyms import find_acronyms
from ingestion.models import Acronym, Chunk, CorpusStatistics, Document, TermStatistics

# Chunks compared with each other to estimate the deviation of cosines: SAMPLE² / 2 pairs.
_SAMPLE = 200
# Fewer chunks, often of one document, are too similar for an estimate of the deviation, and a
# question's own passage weighs too much in the mean of fewer still.
_SMALLEST_SAMPLE, _SMALLEST_MEAN = 50, 5
_CHANGE = 1.5
# First key of the advisory locks taken here; the second is the instance's id.
_LOCK_CLASS = 0x1DF


def make_searchable(document: Document) -> None:
    """Make the document's embedded chunks visible to retrieval; visible ones are unchanged.

    Runs inside ``tenant(instance)``, in the transaction that marks the document ready.
    """
    chunks = (
        Chunk.objects.for_instance(document.instance_id)
        .filter(document=document, terms__isnull=True, embedding__isnull=False)
        .order_by("position")
        .values_list("id", "heading", "text")
    )
    title = document.title or document.name
    ids, vectors = [], []
    frequencies: Counter[int] = Counter()
    acronyms: set[tuple[str, str]] = set()
    for chunk_id, heading, text in chunks.iterator():
        acronyms |= find_acronyms(text)
        counts = lexical.analyse(embedding_text(title, heading, text))
        frequencies.update(counts.keys())
        ids.append(chunk_id)
        vectors.append(lexical.to_sparsevec(lexical.passage_weights(counts)))
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ingestion_chunk AS chunk SET terms = row.terms::sparsevec"
            " FROM unnest(%s::bigint[], %s::text[]) AS row(id, terms)"
            " WHERE chunk.id = row.id AND chunk.instance_id = %s",
            [ids, vectors, document.instance_id],
        )
    Acronym.objects.bulk_create(
        [
            Acronym(
                instance_id=document.instance_id, document=document, short=short, long=long[:200]
            )
            for short, long in sorted(acronyms)
        ],
        ignore_conflicts=True,
    )
    _add(document.instance_id, frequencies, len(ids))
    _estimate_cosines(document.instance_id)


def withdraw(document: Document) -> None:
    """Hide the document's chunks from retrieval, before they are deleted or replaced.

    Runs inside ``tenant(instance)``, in the transaction that deletes or replaces them.
    """
    visible = Chunk.objects.for_instance(document.instance_id).filter(
        document=document, terms__isnull=False
    )
    # As text, since converting thousands of sparse vectors to objects is slow.
    as_text = visible.annotate(terms_text=Cast("terms", TextField()))
    frequencies: Counter[int] = Counter()
    for vector in as_text.values_list("terms_text", flat=True).iterator():
        frequencies.update(lexical.sparsevec_terms(vector))
    Acronym.objects.for_instance(document.instance_id).filter(document=document).delete()
    n_chunks = visible.update(terms=None)
    if n_chunks:
        _subtract(document.instance_id, frequencies, n_chunks)


def _add(instance_id: int, frequencies: Counter[int], n_chunks: int) -> None:
    _lock(instance_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ingestion_corpusstatistics AS row (instance_id, chunk_count)"
            " VALUES (%s, %s) ON CONFLICT (instance_id)"
            " DO UPDATE SET chunk_count = row.chunk_count + excluded.chunk_count",
            [instance_id, n_chunks],
        )
        cursor.execute(
            "INSERT INTO ingestion_termstatistics AS row (instance_id, term, document_frequency)"
            " SELECT %s, * FROM unnest(%s::int[], %s::int[]) ON CONFLICT (instance_id, term) DO"
            " UPDATE SET document_frequency = row.document_frequency + excluded.document_frequency",
            [instance_id, list(frequencies), list(frequencies.values())],
        )


def _subtract(instance_id: int, frequencies: Counter[int], n_chunks: int) -> None:
    _lock(instance_id)
    CorpusStatistics.objects.for_instance(instance_id).update(
        chunk_count=F("chunk_count") - n_chunks
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ingestion_termstatistics AS row"
            " SET document_frequency = row.document_frequency - removed.n"
            " FROM unnest(%s::int[], %s::int[]) AS removed(term, n)"
            " WHERE row.instance_id = %s AND row.term = removed.term",
            [list(frequencies), list(frequencies.values()), instance_id],
        )
    TermStatistics.objects.for_instance(instance_id).filter(
        term__in=list(frequencies), document_frequency=0
    ).delete()


def _estimate_cosines(instance_id: int) -> None:
    """Estimate deviation and centroid again, if the number of chunks has changed enough."""
    statistics = CorpusStatistics.objects.for_instance(instance_id).get()
    n_chunks, n_before = statistics.chunk_count, statistics.cosine_chunk_count
    is_near = n_before / _CHANGE < n_chunks < n_before * _CHANGE
    if n_chunks < _SMALLEST_MEAN or (is_near and n_chunks > _SAMPLE):
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH sample AS MATERIALIZED (SELECT id, embedding FROM ingestion_chunk"
            "  WHERE instance_id = %s AND terms IS NOT NULL ORDER BY random() LIMIT %s)"
            " UPDATE ingestion_corpusstatistics SET cosine_chunk_count = chunk_count,"
            "  centroid = (SELECT avg(embedding) FROM sample),"
            "  cosine_sigma = CASE WHEN chunk_count >= %s THEN"
            "   (SELECT stddev_pop(one.embedding <#> other.embedding)"
            "    FROM sample AS one JOIN sample AS other ON one.id < other.id) END"
            " WHERE instance_id = %s",
            [instance_id, _SAMPLE, _SMALLEST_SAMPLE, instance_id],
        )


def _lock(instance_id: int) -> None:
    """Take the lock of the instance's counters until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, instance_id])
