"""The index of an instance that answers, and the lock of its change.

An instance may have several indexes, numbered *generations*: other passages of the same documents,
with vectors of another model. ``Instance.index_generation`` says which of them answers. It is read
with the instance, so that all of a question, from its embedding to its passages, is of one index,
also while another takes its place (``ingestion.reindexing``; docs/decisions/053-reindexing.md).
"""

import copy
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from ingestion.models import IndexGeneration
from instances.models import Instance

# First key of the advisory lock of an instance's change of index; the second is the instance's id.
_LOCK_CLASS = 0x1DC


@dataclass(frozen=True, slots=True)
class SearchIndex:
    """An index: its number, the name of its embedding model, and the tokens of a passage."""

    generation: int
    embedding_model: str
    chunk_tokens: int


def active_index(instance: Instance) -> SearchIndex:
    """Return the index that answers in an instance."""
    return _index(instance.index_generation, instance)


def search_index(generation: IndexGeneration) -> SearchIndex:
    """Return what an index is made with."""
    return _index(generation.number, generation)


def _index(number: int, chosen: Instance | IndexGeneration) -> SearchIndex:
    return SearchIndex(
        generation=number,
        embedding_model=chosen.embedding_model or settings.EMBEDDING_MODEL,
        chunk_tokens=chosen.chunk_tokens or settings.CHUNK_TOKENS,
    )


def asked_in(instance: Instance, number: int | None) -> Instance:
    """Return a copy of an instance that another of its indexes answers, which is never saved.

    None, the index that answers, or one that is gone: the instance itself. Runs inside
    ``tenant(instance)``.
    """
    if number is None or number == instance.index_generation:
        return instance
    found = IndexGeneration.objects.for_instance(instance).filter(number=number).first()
    if found is None:
        return instance
    asked = copy.copy(instance)
    asked.index_generation = found.number
    asked.embedding_model, asked.chunk_tokens = found.embedding_model, found.chunk_tokens
    return asked


def read_active_index(instance_id: int) -> SearchIndex:
    """Return the index that answers now in an instance."""
    return active_index(Instance.objects.get(pk=instance_id))


def hold_active_index(instance_id: int) -> SearchIndex:
    """Return the index that answers, which remains so until the end of the transaction."""
    _lock(instance_id, "pg_advisory_xact_lock_shared")
    return read_active_index(instance_id)


def lock_active_index(instance_id: int) -> None:
    """Wait for the transactions that hold the index of an instance, and admit no other."""
    _lock(instance_id, "pg_advisory_xact_lock")


def _lock(instance_id: int, function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [_LOCK_CLASS, instance_id])
