"""A version of a document that is searched before it answers.

Its passages have vectors and no terms, so that no search sees them. Terms are computed for the
searches in which it is tried, and kept in memory for the next ones.
"""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from ingestion.indexing.statistics import weigh_passages
from ingestion.models import Chunk, Document


@dataclass(frozen=True, slots=True)
class TriedVersion:
    """The passages of a version: their ids, BM25 weights (sparsevec), and their number by term."""

    document_id: UUID
    chunk_ids: list[int]
    terms: list[str]
    frequencies: Counter[int]


@lru_cache(maxsize=1)
def read_tried(instance_id: int, document_id: UUID, attempt: int) -> TriedVersion:
    """Return a version as it was prepared in an attempt; without passages if it is gone.

    Runs inside ``tenant(instance)``.
    """
    document = Document.objects.for_instance(instance_id).filter(pk=document_id, attempt=attempt)
    found = document.first()
    if found is None:
        return TriedVersion(document_id, [], [], Counter())
    chunks = (
        Chunk.objects.for_instance(instance_id)
        .filter(document=found, generation=found.index_generation, embedding__isnull=False)
        .order_by("position")
        .values_list("id", "heading", "text")
    )
    return TriedVersion(document_id, *weigh_passages(found, chunks))
