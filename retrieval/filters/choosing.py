"""Filters that a reader or a program sets for a search: folder, tag, kind and date of documents."""

import re
from dataclasses import dataclass, fields
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet

from ingestion.documents.groups import MAX_GROUP_DOCUMENTS
from ingestion.indexing.lexical import fold
from ingestion.models import Document
from instances.models import Instance
from retrieval.filters.kinds import KINDS, category_patterns
from retrieval.filters.matching import of_days, of_kind


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenFilter:
    """The documents to search: all of these that are set must match.

    ``folder`` includes the folders below it. ``kind`` is a kind of document in words ("minutes"),
    as people gave it or as titles say it. ``since`` and ``until`` are the first and the last day.
    """

    folder: str = ""
    tag: str = ""
    kind: str = ""
    since: date | None = None
    until: date | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True, slots=True)
class ChosenDocuments:
    """The latest documents that match, as many as a search takes, and the number of all."""

    ids: list[UUID]
    total: int

    @property
    def is_cut(self) -> bool:
        """Whether more match than a search takes."""
        return self.total > len(self.ids)


def chosen_documents(instance: Instance, chosen: ChosenFilter) -> QuerySet[Document]:
    """Return the ready documents that match. Runs inside ``tenant(instance)``."""
    matching: QuerySet[Document] = Document.objects.for_instance(instance)
    matching = matching.filter(of_days(chosen.since, chosen.until), status=Document.Status.READY)
    if folder := chosen.folder.strip("/ "):
        matching = matching.filter(Q(folder=folder) | Q(folder__startswith=f"{folder}/"))
    if chosen.tag:
        matching = matching.filter(tags__contains=[chosen.tag])
    return matching.filter(of_kind(_pattern(chosen.kind)))


def choose_documents(instance: Instance, chosen: ChosenFilter) -> ChosenDocuments | None:
    """Return the documents to search, None for all. Runs inside ``tenant(instance)``."""
    if not chosen:
        return None
    matching = chosen_documents(instance, chosen)
    latest = matching.order_by("-created_at", "pk").values_list("pk", flat=True)
    ids = list(latest[:MAX_GROUP_DOCUMENTS])
    is_full = len(ids) == MAX_GROUP_DOCUMENTS
    return ChosenDocuments(ids, matching.count() if is_full else len(ids))


def _pattern(kind: str) -> str:
    """Return the pattern of a kind: of all the words that mean a known one, or of its own."""
    typed = " ".join(fold(kind).split())
    known = (pattern for pattern in KINDS.values() if re.fullmatch(pattern, typed))
    return next(known, None) or category_patterns([typed]).get(typed, "")
