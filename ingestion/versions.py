"""Versions of a document: a new file, an older one again, and their deletion.

A new version is prepared like any document, while the one before still answers, and takes its place
when it is ready (``ingestion.indexing.succession``). At most one version is prepared at a time: the
last act prevails, and deletes the version that is not ready. All functions run inside
``tenant(instance)``, in its transaction.
"""

from collections.abc import Sequence
from functools import partial
from typing import IO
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from ingestion import tasks, uploads
from ingestion.errors import OtherDocument
from ingestion.indexing.succession import publish_version
from ingestion.models import Chunk, Document
from people.models import User

_Status = Document.Status
_NOT_READY = (*Document.UNFINISHED, _Status.FAILED)
# First key of the advisory locks taken here; the second is derived from the series.
_LOCK_CLASS = 0x5E1


def add_version(
    document: Document, *, user: User | None, name: str, password: str = "", content: IO[bytes]
) -> tuple[Document, bool]:
    """Store a file as the next version of a document; return it, and whether it is new.

    It has the folder, sensitivity, tags, author and kind of the last version, and its title if a
    person wrote that; its date is that of the new file. A last version that has failed, or is
    being prepared, is deleted. The bytes of an older version make that one current again, those of
    the current one change nothing. Of the versions that are replaced, the latest
    ``DOCUMENT_VERSIONS_KEPT`` are kept.

    Raises ``OtherDocument`` for the bytes of another document, else as ``uploads.store_upload``;
    then nothing is changed.
    """
    with transaction.atomic():
        _lock_series(document)
        last = history(document)[0]
        _delete_unready(document)
        stored, is_new = uploads.store_upload(
            instance=document.instance,
            user=user,
            name=name,
            folder=last.folder,
            sensitivity=last.sensitivity,
            password=password,
            content=content,
            title=last.title if last.title_is_edited else "",
            title_is_edited=last.title_is_edited,
            author=last.author,
            category=last.category,
            tags=last.tags,
            series=last.series,
            version=_next_number(last),
        )
        if stored.series != document.series:
            raise OtherDocument(f"the bytes are those of {stored.pk}")
        if stored.is_superseded:
            _make_current(stored)
        _delete_oldest(stored)
    return stored, is_new


def restore(version: Document) -> None:
    """Make a superseded version the current one again, as soon as its vectors allow it."""
    with transaction.atomic():
        _lock_series(version)
        _delete_unready(version)
        _make_current(version)


def delete(document: Document) -> None:
    """Delete a document: of one that is ready all versions, else this version alone."""
    if document.status != _Status.READY:
        uploads.delete(document)
        return
    with transaction.atomic():
        _lock_series(document)
        for version in history(document):
            uploads.delete(version)


def history(document: Document) -> list[Document]:
    """Return the versions of a document, the newest first."""
    versions: QuerySet[Document] = Document.objects.of_series_of(document)
    return list(versions.select_related("uploaded_by", "instance").order_by("-version"))


def count_older(documents: Sequence[Document]) -> int:
    """Return how many other versions ``delete`` deletes with documents."""
    ready = [document for document in documents if document.status == _Status.READY]
    if not ready:
        return 0
    versions: QuerySet[Document] = Document.objects.for_instance(ready[0].instance_id)
    return versions.filter(series__in=[document.series for document in ready]).count() - len(ready)


def current_version(document: Document) -> Document | None:
    """Return the version that answers now, or None while there is none."""
    versions: QuerySet[Document] = Document.objects.of_series_of(document)
    return versions.filter(status=_Status.READY).first()


def all_versions(instance_id: int, document_ids: Sequence[UUID]) -> set[UUID]:
    """Return the ids of all versions of documents."""
    documents: QuerySet[Document] = Document.objects.for_instance(instance_id)
    series = documents.filter(pk__in=document_ids).values("series")
    return set(documents.filter(series__in=series).values_list("pk", flat=True))


def _make_current(version: Document) -> None:
    """Publish a superseded version, or queue it for embedding if the model has changed since."""
    locked = Document.objects.select_for_update().get(pk=version.pk)
    if locked.status != _Status.SUPERSEDED:
        return
    locked.version = _next_number(locked)
    if locked.embedding_model == settings.EMBEDDING_MODEL:
        publish_version(locked)
    else:
        Chunk.objects.for_instance(locked.instance_id).filter(document=locked).update(
            embedding=None
        )
        locked.status, locked.embedded_chunks = _Status.EMBEDDING, 0
        locked.attempt += 1
        locked.queued_at, locked.worker_seen_at = timezone.now(), None
        locked.save()
        transaction.on_commit(partial(tasks.enqueue, tasks.embed))
    version.refresh_from_db()


def _next_number(document: Document) -> int:
    """Return the number of the next version of a document."""
    versions: QuerySet[Document] = Document.objects.of_series_of(document)
    return int(versions.aggregate(last=Max("version", default=0))["last"]) + 1


def _delete_unready(document: Document) -> None:
    """Delete the version of a document that is being prepared, or has failed."""
    for version in Document.objects.of_series_of(document).filter(status__in=_NOT_READY):
        uploads.delete(version)


def _delete_oldest(document: Document) -> None:
    """Delete the oldest of more than ``DOCUMENT_VERSIONS_KEPT`` superseded versions."""
    superseded = [version for version in history(document) if version.is_superseded]
    for version in superseded[settings.DOCUMENT_VERSIONS_KEPT :]:
        uploads.delete(version)


def _lock_series(document: Document) -> None:
    """Admit one act on the versions of a document at a time, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK_CLASS, str(document.series)]
        )
