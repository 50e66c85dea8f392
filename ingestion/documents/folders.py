"""The folders of an instance's documents, to restrict a question to all documents of one.

A folder is the path that its documents were uploaded with; it includes the folders below it. All
functions run inside ``tenant(instance)``.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from ingestion.documents.segments import fold
from ingestion.models import Document
from instances.models import Instance
from web.search_words import search_words

# A question can be restricted to no more documents (``retrieval.search.MAX_DOCUMENTS``).
MAX_FOLDER_DOCUMENTS = 1_000
_FOLDERS_SHOWN = 20


@dataclass(frozen=True)
class Folder:
    """A folder, and the number of ready documents in it and below it."""

    path: str
    total: int


def find_folders(instance: Instance, query: str) -> list[Folder]:
    """Return the first folders whose path contains the words of ``query``, by path.

    Folders with more documents than a question may be restricted to are left out.
    """
    counted = _ready(instance).exclude(folder="").values_list("folder").annotate(n=Count("pk"))
    totals: Counter[str] = Counter()
    for path, n in counted:
        for folder in (path, *map(str, PurePosixPath(path).parents)):
            totals[folder] += n
    del totals["."]
    words = [fold(word) for word in search_words(query)]
    return [
        Folder(path, total)
        for path, total in sorted(totals.items())
        if total <= MAX_FOLDER_DOCUMENTS and all(word in fold(path) for word in words)
    ][:_FOLDERS_SHOWN]


def folder_documents(instance: Instance, path: str) -> list[UUID]:
    """Return the ready documents in a folder and below it, the latest first."""
    inside = _ready(instance).filter(Q(folder=path) | Q(folder__startswith=f"{path}/"))
    found = inside.order_by("-created_at", "pk").values_list("pk", flat=True)
    return list(found[:MAX_FOLDER_DOCUMENTS])


def _ready(instance: Instance) -> QuerySet[Document]:
    ready: QuerySet[Document] = Document.objects.for_instance(instance)
    return ready.filter(status=Document.Status.READY)
