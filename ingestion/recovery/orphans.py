"""Delete stored files without a document, left by an aborted transaction or a killed process.

A file is written before its row is committed, and deleted after its row, so that every row has its
file. A failure in between leaves a file without a row. The pictures of pages
(``ingestion.documents.picture_cache``) are also deleted when they have not been used for long.
"""

import logging
from datetime import timedelta
from uuid import UUID

from django.core.files.storage import default_storage
from django.utils import timezone

from ingestion.documents import picture_cache
from ingestion.models import Document
from instances.models import Instance
from instances.quotas import lock_totals
from instances.tenancy import tenant

logger = logging.getLogger(__name__)

# A younger file may belong to an upload in progress.
MIN_AGE = timedelta(hours=1)
# Pictures of a document are deleted when none of them was drawn for so long.
PICTURES_KEPT = timedelta(days=30)


def delete_orphans() -> int:
    """Delete the old files without a document, in every instance; return how many.

    Directories of instances that are not in this database are kept: it may be the wrong database,
    or an older copy.
    """
    try:
        directories, _files = default_storage.listdir("")
    except FileNotFoundError:
        return 0  # Nothing was ever uploaded.
    numbers = [name for name in directories if name.isdecimal()]
    known = Instance.objects.filter(pk__in=numbers).values_list("pk", flat=True)
    for instance_id in known:
        _delete_pictures_of(instance_id)
    return sum(_delete_orphans_of(instance_id) for instance_id in known)


def _delete_orphans_of(instance_id: int) -> int:
    if not (old := _old_files(instance_id)):
        return 0
    with tenant(instance_id):
        if not _without_document(instance_id, old):
            return 0
        # An upload locks the totals from before it writes its file until its transaction ends.
        totals = lock_totals(instance_id)
        documents = Document.objects.for_instance(instance_id)
        if documents.count() != totals.documents:
            logger.error("instance %s: not all documents are visible; no file deleted", instance_id)
            return 0
        orphans = _without_document(instance_id, old)
        for name in orphans:
            default_storage.delete(f"{instance_id}/{name}")
    logger.warning("instance %s: %d files had no document", instance_id, len(orphans))
    return len(orphans)


def _delete_pictures_of(instance_id: int) -> None:
    """Delete the pictures of deleted documents, and those that were drawn long ago."""
    folder = f"{instance_id}/{picture_cache.FOLDER}"
    try:
        directories, _files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    ids = {UUID(name) for name in directories if _is_id(name)}
    with tenant(instance_id):
        deleted = _without_document(instance_id, ids)
    for document_id in ids:
        if document_id in deleted or _are_old(f"{folder}/{document_id}"):
            picture_cache.delete_pictures(default_storage, instance_id, document_id)


def _are_old(directory: str) -> bool:
    _directories, names = default_storage.listdir(directory)
    return all(_is_old(f"{directory}/{name}", PICTURES_KEPT) for name in names)


def _old_files(instance_id: int) -> set[UUID]:
    """Return the document ids by which the old files in an instance's directory are named."""
    _directories, names = default_storage.listdir(str(instance_id))
    old = (name for name in names if _is_id(name) and _is_old(f"{instance_id}/{name}", MIN_AGE))
    return {UUID(name) for name in old}


def _is_old(path: str, age: timedelta) -> bool:
    try:
        return default_storage.get_modified_time(path) < timezone.now() - age
    except FileNotFoundError:
        return False  # Its document was deleted meanwhile.


def _without_document(instance_id: int, ids: set[UUID]) -> set[UUID]:
    documents = Document.with_attachments.for_instance(instance_id).filter(pk__in=ids)
    return ids - set(documents.values_list("pk", flat=True))


def _is_id(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False
