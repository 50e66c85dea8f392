"""The instant at which one version of a document takes the place of another in retrieval."""

from ingestion.indexing import statistics
from ingestion.models import Document


def must_be_tried(document: Document) -> bool:
    """Whether a version waits for the golden questions: it takes the place of one that answers.

    Runs inside ``tenant(instance)``.
    """
    versions = Document.objects.of_series_of(document)
    return (
        document.instance.tries_versions
        and versions.filter(status=Document.Status.READY).exclude(pk=document.pk).exists()
    )


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
    # What puts it before others ends here: it may be read again, long after.
    document.status, document.priority = Document.Status.READY, 0
    document.save()
