"""The storage of documents, and the disks."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from ragapp.doctor.findings import Finding, failed, ok, warning

_CONTENT = b"ragapp doctor"
_LOW_SHARE = 0.1


def storage() -> Iterator[Finding]:
    """Write, read and delete a small file where documents are stored."""
    place = f"bucket {settings.FILES_S3_BUCKET}" if settings.FILES_S3_BUCKET else "directory"
    if not settings.FILES_S3_BUCKET:
        place = f"{place} {settings.MEDIA_ROOT}"
    name = default_storage.save(f"doctor/{uuid4()}", ContentFile(_CONTENT))
    try:
        with default_storage.open(name) as file:
            content = file.read()
    finally:
        default_storage.delete(name)
    if content == _CONTENT:
        yield ok("files", f"{place} can be written, read and deleted from")
    else:
        yield failed("files", f"{place} returns other bytes than were written", "Check its disk.")


def disks() -> Iterator[Finding]:
    """Examine the room that is left for files and for the rest of the data directory."""
    folders = {"disk of the data directory": settings.DATA_DIR}
    if not settings.FILES_S3_BUCKET:
        folders["disk of the files"] = settings.MEDIA_ROOT
    for part, folder in folders.items():
        yield _disk(part, _existing(Path(folder)))


def _disk(part: str, folder: Path) -> Finding:
    usage = shutil.disk_usage(folder)
    free = f"{usage.free / 1e9:.1f} GB free of {usage.total / 1e9:.0f} GB ({folder})"
    advice = "Delete what is not needed, or enlarge it."
    if usage.free < settings.STORAGE_RESERVE_BYTES:
        return failed(part, f"{free}: uploads are refused", advice)
    if usage.free < _LOW_SHARE * usage.total:
        return warning(part, free, advice)
    return ok(part, free)


def _existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.exists())
