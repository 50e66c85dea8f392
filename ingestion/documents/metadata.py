"""What people say of documents: author, kind, date, folder, tags.

All functions run inside ``tenant(instance)``.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from types import EllipsisType

from django.db.models import QuerySet
from django.utils import timezone

from ingestion.models import MAX_TAG_CHARS, MAX_TAGS, Document
from ingestion.upload_names import clean_folder
from instances.models import Instance


def describe(
    document: Document,
    *,
    author: str | None = None,
    category: str | None = None,
    dated: date | EllipsisType | None = ...,
    folder: str | None = None,
    tags: Sequence[str] | None = None,
) -> None:
    """Set the metadata of a document that are given; ``dated`` may be None, for no date.

    ``tags`` are as ``split_tags`` returns them.
    """
    locked = Document.objects.select_for_update().get(pk=document.pk)
    given = {"author": author, "category": category, "tags": tags}
    for name, value in given.items():
        if value is not None:
            setattr(locked, name, value)
    if dated is not ...:
        locked.dated = dated
    if folder is not None:
        locked.folder = clean_folder(folder)
    locked.save(update_fields=["author", "category", "dated", "folder", "tags", "updated_at"])


def move(documents: Sequence[Document], folder: str) -> None:
    """Move documents to a folder; "" is the top."""
    chosen = Document.objects.filter(pk__in=[document.pk for document in documents])
    chosen.update(folder=clean_folder(folder), updated_at=timezone.now())


def add_tags(documents: Sequence[Document], tags: Sequence[str]) -> list[Document]:
    """Add tags to documents; return those that had no room for them, which are unchanged."""
    full = []
    for document in _locked(documents):
        together = unique_tags([*document.tags, *tags])
        if len(together) > MAX_TAGS:
            full.append(document)
            continue
        document.tags = together
        document.save(update_fields=["tags", "updated_at"])
    return full


def remove_tags(documents: Sequence[Document], tags: Sequence[str]) -> None:
    """Remove tags from documents, whatever their capitals."""
    removed = {tag.casefold() for tag in tags}
    for document in _locked(documents):
        document.tags = [tag for tag in document.tags if tag.casefold() not in removed]
        document.save(update_fields=["tags", "updated_at"])


def split_tags(text: str) -> list[str]:
    """Return the tags of a text with commas; raises ValueError if one is too long, or too many."""
    tags = unique_tags(" ".join(part.split()) for part in text.split(","))
    if len(tags) > MAX_TAGS or any(len(tag) > MAX_TAG_CHARS for tag in tags):
        raise ValueError("too many tags, or a tag that is too long")
    return tags


def unique_tags(tags: Iterable[str]) -> list[str]:
    """Return tags without empty ones, and those that differ in capitals once."""
    unique: dict[str, str] = {}
    for tag in filter(None, tags):
        unique.setdefault(tag.casefold(), tag)
    return list(unique.values())


def categories(instance: Instance) -> list[str]:
    """Return the kinds of document that are used in an instance, to suggest them."""
    named: QuerySet[Document] = Document.objects.for_instance(instance).exclude(category="")
    return list(named.order_by("category").values_list("category", flat=True).distinct()[:100])


def _locked(documents: Sequence[Document]) -> QuerySet[Document]:
    chosen = Document.objects.filter(pk__in=[document.pk for document in documents])
    return chosen.select_for_update().order_by("pk")
