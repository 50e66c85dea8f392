"""Files in files, of archives or attached to documents: each becomes a document of its own.

They are unpacked in the confined child process, a batch at a time. Each is stored in the
transaction that counts it in the row of the file around it (``unpacked_files``), so that a killed
worker neither loses nor doubles one, and one that a person deletes does not come back.
"""

from collections.abc import Iterable
from dataclasses import asdict
from io import BytesIO
from pathlib import PurePosixPath
from threading import Event

from django.conf import settings

from ingestion import storage
from ingestion.attempts.locking import Attempt, locked
from ingestion.errors import (
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
from ingestion.parsing.unpacking.members import archive_stem
from ingestion.parsing.unpacking.unpack import Batch, Unpacked, UnpackLimits
from ingestion.sandbox import UnpackRequest, load_batch, run_in_child
from ingestion.storing.stored_files import store_file
from ingestion.upload_names import clean_name
from instances.errors import InstanceError

# In how many files a file may be whose own files become documents: those that are attached to a
# message in an archive do. What is unpacked is limited for each file around it, so this limits it
# in all.
MAX_NESTING = 1
_BATCH_BYTES = 64 * MIB
# Why the child did not unpack a file, as its readers are told.
_WARNING_OF = {
    "not_a_file": WarningCode.MEMBERS_NOT_FILES,
    "encrypted": WarningCode.MEMBERS_ENCRYPTED,
    "damaged": WarningCode.MEMBERS_DAMAGED,
    "method": WarningCode.MEMBERS_UNSUPPORTED,
    "too_large": WarningCode.MEMBERS_TOO_LARGE,
}


def next_batch(document: Document, cancelled: Event) -> Batch:
    """Return some files of those in a document that are not counted yet.

    Raises the errors of ``ingestion.parsing.unpacking.unpack``, and of the sandbox.
    """
    with storage.opened(document.file) as content:
        batch, _cpu_seconds = run_in_child(
            content,
            request=UnpackRequest(
                media_type=document.media_type,
                name=document.name,
                start=document.unpacked_files,
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


def store_members(attempt: Attempt, members: Iterable[Unpacked], *, attached: bool = False) -> None:
    """Store files of the document of an attempt as documents, and count them.

    Those that are ``attached`` name the document that they are attached to; they may have been here
    before. Of the others, and those that are refused, the document gets a warning.
    """
    for member in members:
        with locked(attempt, Document.UNFINISHED) as document:
            warning = _store(document, member, attached=attached)
            document.unpacked_files += 1
            if warning is not None:
                add_warnings(document, warning)
            document.save(update_fields=["unpacked_files", "warnings", "updated_at"])


def add_warnings(document: Document, *added: ParseWarning) -> None:
    """Add warnings to a row, without saving it."""
    warnings = merged_warnings([*document.parse_warnings, *added])
    document.warnings = [asdict(warning) for warning in warnings]


def member_folder(document: Document, name: str) -> str:
    """Return the folder of a file in a document: that of the document, its name, and the path
    inside it.

    An archive that holds one folder of its own name does not repeat it.
    """
    stem = archive_stem(document.name)
    parts = PurePosixPath(name.replace("\\", "/")).parts[:-1]
    inside = [part for part in parts if part not in ("/", ".", "..")]
    if inside[:1] == [stem]:
        del inside[0]
    return "/".join(filter(None, [document.folder, stem, *inside]))


def _store(document: Document, member: Unpacked, *, attached: bool) -> ParseWarning | None:
    """Store a file as a document; return what its uploader must know if it was not."""
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
            instance=document.instance,
            user=document.uploaded_by,
            name=member.name,
            folder=member_folder(document, member.name),
            sensitivity=document.sensitivity,
            content=content,
            attached_to=document.series if attached else None,
            nesting=document.nesting + 1,
        )
    except (IngestionError, InstanceError) as error:
        return ParseWarning(_code_of(error), (name,))
    return None if is_new or attached else ParseWarning(WarningCode.MEMBERS_ALREADY_HERE, (name,))


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
