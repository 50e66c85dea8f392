"""How far an index is, for pages and commands. Runs inside ``tenant(instance)``."""

from collections.abc import Sequence
from dataclasses import dataclass

from ingestion.models import Document, IndexGeneration
from ingestion.reindexing.documents import failures_in, missing_documents
from instances.models import Instance


@dataclass(frozen=True, slots=True)
class Progress:
    """The documents of an index that is built: those that are done, have failed, and all."""

    done: int
    failed: int
    total: int


def progress_of(generation: IndexGeneration) -> Progress:
    """Return how far an index is."""
    ready = Document.objects.for_instance(generation.instance_id).filter(
        status=Document.Status.READY
    )
    total = ready.count()
    failed = len(failed_documents(generation))
    missing = missing_documents(generation.instance_id, generation.number)
    n_missing = missing.filter(conversation=None).count()
    return Progress(total - n_missing - failed, failed, total)


def failed_documents(generation: IndexGeneration) -> Sequence[tuple[Document, str]]:
    """Return the documents that could not be prepared for an index, with the code of the error."""
    codes = failures_in(generation.instance_id, generation.number)
    documents = Document.objects.for_instance(generation.instance_id).filter(pk__in=list(codes))
    return [(each, codes[each.pk]) for each in documents.order_by("name")]


def kept_index(instance: Instance) -> IndexGeneration | None:
    """Return the index to which one may return, if any."""
    found = IndexGeneration.objects.for_instance(instance).filter(
        status=IndexGeneration.Status.KEPT
    )
    return found.order_by("-activated_at").first()
