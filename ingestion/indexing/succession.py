"""The instant at which one version of a document takes the place of another in retrieval."""

from ingestion.indexing import statistics
from ingestion.models import Document


def publish_version(document: Document) -> None:
    """Make a fully embedded version searchable and ready, and supersede the one that was.

    The passages of the old version stay, for the answers that cite them. Runs inside
    ``tenant(instance)``, in one transaction; the document is locked, and saved.
    """
    versions = Document.objects.of_series_of(document)
    ready = versions.filter(status=Document.Status.READY).exclude(pk=document.pk)
    for other in ready.select_for_update():
        statistics.withdraw(other)
        other.status = Document.Status.SUPERSEDED
        other.save(update_fields=["status", "updated_at"])
    statistics.make_searchable(document)
    document.status = Document.Status.READY
    document.save()
