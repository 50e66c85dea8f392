"""Versions of a document: a new file, an older one again, and their deletion.

A new version is prepared like any document, while the one before still answers, and takes its place
when it is ready (``ingestion.indexing.succession``). At most one version is prepared at a time: the
last act prevails, and deletes the version that is not ready. All functions run inside
``tenant(instance)``, in its transaction.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from ingestion import tasks, uploads
from ingestion.errors import OtherDocument
from ingestion.indexing.generations import hold_active_index
from ingestion.indexing.succession import publish_version
from ingestion.models import Chunk, Document, DocumentQuerySet
from people.models import User

_Status = Document.Status
_NOT_READY = (*Document.UNFINISHED, _Status.HELD, _Status.FAILED)
# First key of the advisory locks taken here; the second is derived from the series.
_LOCK_CLASS = 0x5E1


def add_version(document: Document, *, user: User | None, **file: Any) -> tuple[Document, bool]:
    """Store a file as the next version of a document; return it, and whether it is new.

    ``file`` is as of ``uploads.store_upload``: ``name``, ``content`` and perhaps ``password``, or
    ``accepted``.

    It has the folder, sensitivity, tags, author and kind of the last version, and its title if a
    person wrote that; its date is that of the new file. A last version that has failed, or is
    being prepared, is deleted. The bytes of an older version make that one current again, those of
    the current one change nothing. Of the versions that are replaced, the latest
    ``DOCUMENT_VERSIONS_KEPT`` are kept.

    Raises ``OtherDocument`` for the bytes of another document, else as ``uploads.store_upload``;
    then nothing is changed.
    """
    with transaction.atomic():
        lock_versions(document)
        last = history(document)[0]
        _delete_unready(document)
        stored, is_new = uploads.store_upload(
            instance=document.instance,
            user=user,
            folder=last.folder,
            sensitivity=last.sensitivity,
            title=last.title if last.title_is_edited else "",
            title_is_edited=last.title_is_edited,
            author=last.author,
            category=last.category,
            tags=last.tags,
            series=last.series,
            version=_next_number(last),
            **file,
        )
        if stored.series != document.series:
            raise OtherDocument(f"the bytes are those of {stored.pk}")
        if stored.is_superseded:
            _make_current(stored)
        _delete_oldest(stored)
    return stored, is_new


def lock_versions(document: Document) -> None:
    """Admit one act on the versions of a document at a time, until the transaction ends.

    Whoever locks the totals of the instance before ``add_version`` calls this first, so that all
    take these locks in the same order: index, series, the version that is not ready, totals.
    """
    hold_active_index(document.instance_id)
    _lock_series(document)
    list(_unready(document).select_for_update().values_list("pk"))


def restore(version: Document) -> None:
    """Make a superseded version the current one again, as soon as its vectors allow it."""
    with transaction.atomic():
        lock_versions(version)
        _delete_unready(version)
        _make_current(version)


def publish_held(document: Document) -> bool:
    """Let a held version answer; return whether it does.

    One that was prepared for another index than the one that answers now is prepared again.
    """
    with transaction.atomic():
        lock_versions(document)
        locked = Document.objects.select_for_update().get(pk=document.pk)
        if locked.status != _Status.HELD:
            return False
        _publish(locked)
        return locked.status == _Status.READY


def delete(document: Document) -> None:
    """Delete a document: of one that is ready all versions, else this version alone.

    The last version takes with it the documents that were attached to it.
    """
    with transaction.atomic():
        _lock_series(document)
        of_instance: DocumentQuerySet = Document.objects.for_instance(document.instance_id)
        if not of_instance.filter(pk=document.pk).exists():
            return  # with another version, or with what it was attached to
        is_ready = document.status == _Status.READY
        for version in history(document) if is_ready else [document]:
            uploads.delete(version)
        if not of_instance.of_series_of(document).exists():
            for attached in of_instance.attached_to([document]):
                delete(attached)


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


def count_attached(documents: Sequence[Document]) -> int:
    """Return how many documents ``delete`` deletes because they are attached to these."""
    if not documents:
        return 0
    of_instance: DocumentQuerySet = Document.objects.for_instance(documents[0].instance_id)
    others = of_instance.exclude(pk__in=[document.pk for document in documents])
    return others.attached_to(documents).listed().count()


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
    _publish(locked)
    version.refresh_from_db()


def _publish(locked: Document) -> None:
    """Publish a version whose passages are kept, or queue it for what the index of now needs."""
    index = hold_active_index(locked.instance_id)
    if locked.index_generation != index.generation:
        # Its passages are those of another index: it is read again.
        _restart(locked, _Status.QUEUED)
    elif locked.embedding_model == index.embedding_model:
        publish_version(locked)
    else:
        Chunk.objects.for_instance(locked.instance_id).filter(
            document=locked, generation=index.generation
        ).update(embedding=None)
        _restart(locked, _Status.EMBEDDING)


def _restart(locked: Document, status: Document.Status) -> None:
    """Queue a version for a stage, in a new attempt."""
    locked.status, locked.embedded_chunks = status, 0
    locked.attempt += 1
    locked.queued_at, locked.worker_seen_at = timezone.now(), None
    locked.save()
    task = tasks.embed if status == _Status.EMBEDDING else tasks.parse
    transaction.on_commit(partial(tasks.enqueue, task))


def _next_number(document: Document) -> int:
    """Return the number of the next version of a document."""
    versions: QuerySet[Document] = Document.objects.of_series_of(document)
    return int(versions.aggregate(last=Max("version", default=0))["last"]) + 1


def _delete_unready(document: Document) -> None:
    """Delete the version of a document that is being prepared, or has failed."""
    for version in _unready(document):
        uploads.delete(version)


def _unready(document: Document) -> QuerySet[Document]:
    versions: QuerySet[Document] = Document.objects.of_series_of(document)
    return versions.filter(status__in=_NOT_READY)


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
