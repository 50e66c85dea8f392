"""The folders and tags of an instance's documents, to restrict a question to all that are in one.

A folder is the path of its documents; it includes the folders below it. All functions run inside
``tenant(instance)``.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from uuid import UUID

from django.db.models import Count, F, Func, Q, QuerySet

from ingestion.documents.segments import fold
from ingestion.models import Document
from instances.models import Instance
from web.search_words import search_words

# A question can be restricted to no more documents (``retrieval.search.MAX_DOCUMENTS``).
MAX_GROUP_DOCUMENTS = 1_000
_GROUPS_SHOWN = 20


@dataclass(frozen=True)
class Group:
    """A folder or a tag, and the number of ready documents in it."""

    name: str
    total: int

    @property
    def is_too_large(self) -> bool:
        """Whether it has more documents than a question may be restricted to."""
        return self.total > MAX_GROUP_DOCUMENTS


@dataclass(frozen=True)
class FoundGroups:
    """The first groups that match, by name, and how many others do."""

    shown: list[Group]
    n_others: int


def find_folders(instance: Instance, query: str) -> FoundGroups:
    """Return the folders whose path contains the words of ``query``."""
    counted = _ready(instance).exclude(folder="").values_list("folder").annotate(n=Count("pk"))
    totals: Counter[str] = Counter()
    for path, n in counted:
        for folder in (path, *map(str, PurePosixPath(path).parents)):
            totals[folder] += n
    del totals["."]
    return _found(totals, query)


def find_tags(instance: Instance, query: str) -> FoundGroups:
    """Return the tags that contain the words of ``query``."""
    return _found(dict(tag_totals(instance)), query)


def tag_totals(instance: Instance) -> list[tuple[str, int]]:
    """Return each tag with its number of ready documents, by name."""
    tags = _ready(instance).annotate(tag=Func(F("tags"), function="unnest"))
    return list(tags.values_list("tag").annotate(n=Count("pk")).order_by("tag"))


def folder_documents(instance: Instance, path: str) -> list[UUID]:
    """Return the ready documents in a folder and below it, the latest first."""
    return _latest(_ready(instance).filter(Q(folder=path) | Q(folder__startswith=f"{path}/")))


def tagged_documents(instance: Instance, tag: str) -> list[UUID]:
    """Return the ready documents with a tag, the latest first."""
    return _latest(_ready(instance).filter(tags__contains=[tag]))


def _found(totals: Mapping[str, int], query: str) -> FoundGroups:
    words = [fold(word) for word in search_words(query)]
    found = [
        Group(name, total)
        for name, total in sorted(totals.items())
        if all(word in fold(name) for word in words)
    ]
    return FoundGroups(found[:_GROUPS_SHOWN], len(found[_GROUPS_SHOWN:]))


def _latest(documents: QuerySet[Document]) -> list[UUID]:
    found = documents.order_by("-created_at", "pk").values_list("pk", flat=True)
    return list(found[:MAX_GROUP_DOCUMENTS])


def _ready(instance: Instance) -> QuerySet[Document]:
    ready: QuerySet[Document] = Document.objects.for_instance(instance)
    return ready.filter(status=Document.Status.READY)
