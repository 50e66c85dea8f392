"""Archives: each file in one becomes a document of its own, in a folder named for the archive.

    archive → batch of members → a document each → … → archive deleted, or what it lacks said

An archive is a document until it is unpacked. Members are unpacked in the confined child process, a
batch at a time; between two batches other documents may have their turn. A member is stored in the
transaction that counts it in the archive's row (``embedded_chunks``), so that a killed worker
neither loses nor doubles one.
"""

from dataclasses import asdict
from io import BytesIO
from pathlib import PurePosixPath
from threading import Event

from django.conf import settings
from django.utils import timezone

from ingestion import storage
from ingestion.attempts import transitions
from ingestion.attempts.locking import Attempt, locked
from ingestion.errors import (
    ArchiveIncomplete,
    DocumentError,
    EmptyDocument,
    EncryptedDocument,
    FileTooLarge,
    IngestionError,
    UnsupportedMediaType,
)
from ingestion.models import Document
from ingestion.parse_warnings import ParseWarning, WarningCode, merged_warnings
from ingestion.parsing.detection.files import detect
from ingestion.parsing.limits import MIB, ParseLimits
from ingestion.parsing.media_types import ARCHIVES
from ingestion.parsing.unpacking.unpack import Batch, Unpacked, UnpackLimits
from ingestion.sandbox import UnpackRequest, load_batch, run_in_child
from ingestion.storing.stored_files import delete_with_file, store_file
from ingestion.upload_names import clean_name
from instances.errors import InstanceError

_BATCH_BYTES = 64 * MIB
_Status = Document.Status
# Why the child did not unpack a member, as its readers are told.
_WARNING_OF = {
    "not_a_file": WarningCode.MEMBERS_NOT_FILES,
    "encrypted": WarningCode.MEMBERS_ENCRYPTED,
    "damaged": WarningCode.MEMBERS_DAMAGED,
    "method": WarningCode.MEMBERS_UNSUPPORTED,
    "too_large": WarningCode.MEMBERS_TOO_LARGE,
}


def unpack_archive(attempt: Attempt, document: Document, cancelled: Event) -> Document.Status:
    """Store the next members of an archive; after the last, delete it or say what it lacks."""
    batch = _next_batch(document, cancelled)
    for member in batch.members:
        with locked(attempt, Document.UNFINISHED) as archive:
            warning = _store(archive, member)
            archive.embedded_chunks += 1
            if warning is not None:
                _add_warnings(archive, warning)
            archive.save(update_fields=["embedded_chunks", "warnings", "updated_at"])
    if batch.is_last:
        return _finish(attempt, is_damaged=batch.is_damaged)
    transitions.release(attempt)
    return _Status.PARSING


def _next_batch(document: Document, cancelled: Event) -> Batch:
    with storage.opened(document.file) as content:
        batch, _cpu_seconds = run_in_child(
            content,
            request=UnpackRequest(
                media_type=document.media_type,
                name=document.name,
                start=document.embedded_chunks,
                unpack_limits=UnpackLimits(
                    max_members=settings.ARCHIVE_MAX_MEMBERS,
                    max_member_bytes=settings.MAX_UPLOAD_BYTES,
                    max_bytes=settings.ARCHIVE_MAX_BYTES,
                    batch_bytes=_BATCH_BYTES,
                ),
                limits=ParseLimits(
                    memory_bytes=settings.PARSE_MEMORY_BYTES,
                    cpu_seconds=settings.PARSE_CPU_SECONDS,
                    max_result_bytes=settings.MAX_UPLOAD_BYTES + 2 * _BATCH_BYTES,
                ),
            ),
            load=load_batch,
            is_cancelled=cancelled.is_set,
            require_protections=settings.SANDBOX_REQUIRED,
        )
    return batch


def _store(archive: Document, member: Unpacked) -> ParseWarning | None:
    """Store a member as a document; return what its uploader must know if it was not."""
    name = clean_name(member.name)
    if member.refusal == "junk":
        return None
    if member.refusal:
        return ParseWarning(_WARNING_OF[member.refusal], (name,))
    try:
        content = BytesIO(member.content)
        if detect(content, member.name) in ARCHIVES:
            return ParseWarning(WarningCode.MEMBERS_NOT_FILES, (name,))
        content.seek(0)
        _stored, is_new = store_file(
            instance=archive.instance,
            user=archive.uploaded_by,
            name=member.name,
            folder=member_folder(archive, member.name),
            sensitivity=archive.sensitivity,
            content=content,
        )
    except (IngestionError, InstanceError) as error:
        return ParseWarning(_code_of(error), (name,))
    return None if is_new else ParseWarning(WarningCode.MEMBERS_ALREADY_HERE, (name,))


def member_folder(archive: Document, name: str) -> str:
    """Return the folder of a member: that of the archive, its name, and the path inside it.

    An archive that holds one folder of its own name does not repeat it.
    """
    stem = archive_stem(archive.name)
    parts = PurePosixPath(name.replace("\\", "/")).parts[:-1]
    inside = [part for part in parts if part not in ("/", ".", "..")]
    if inside[:1] == [stem]:
        del inside[0]
    return "/".join(filter(None, [archive.folder, stem, *inside]))


def archive_stem(name: str) -> str:
    """Return the name of an archive without its ends: "cours" for "cours.tar.gz"."""
    path = PurePosixPath(name)
    stem = path.stem if path.suffix else path.name
    return stem.removesuffix(".tar") or name


def _code_of(error: IngestionError | InstanceError) -> WarningCode:
    match error:
        case EncryptedDocument():
            return WarningCode.MEMBERS_ENCRYPTED
        case UnsupportedMediaType():
            return WarningCode.MEMBERS_UNSUPPORTED
        case FileTooLarge():
            return WarningCode.MEMBERS_TOO_LARGE
        case EmptyDocument():
            return WarningCode.MEMBERS_EMPTY
        case DocumentError():
            return WarningCode.MEMBERS_DAMAGED
        case InstanceError():
            return WarningCode.MEMBERS_WITHOUT_ROOM
    raise error


def _add_warnings(archive: Document, *added: ParseWarning) -> None:
    warnings = merged_warnings([*archive.parse_warnings, *added])
    archive.warnings = [asdict(warning) for warning in warnings]


def _finish(attempt: Attempt, *, is_damaged: bool) -> Document.Status:
    """Delete an archive whose members are all documents now; keep one of which something must be
    said, as failed."""
    with locked(attempt, Document.UNFINISHED) as archive:
        if is_damaged:
            _add_warnings(archive, ParseWarning(WarningCode.DAMAGED_FILE))
        if not archive.warnings:
            delete_with_file(archive)
            return _Status.READY
        archive.status = _Status.FAILED
        archive.error_code = ArchiveIncomplete.code
        archive.finished_at = timezone.now()
        archive.worker_seen_at = None
        archive.save()
    return _Status.FAILED
