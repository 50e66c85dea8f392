"""Errors between the upload of a file and its passages.

IngestionError                    code, permanent
├── FileTooLarge                  too_large      (refused while it is being uploaded)
├── UnsupportedMediaType          unsupported_media_type
├── DocumentError                 (the file itself: a retry changes nothing)
│   ├── EncryptedDocument         encrypted
│   ├── WrongPassword             wrong_password (refused while it is being uploaded)
│   ├── EmptyDocument             empty
│   ├── ImageOnlyDocument         image_only
│   ├── ImageTooLarge             image_too_large
│   ├── CorruptDocument           corrupt
│   ├── UnsafeDocument            unsafe
│   ├── ArchiveTooLarge           archive_too_large
│   ├── TooManyPages              too_many_pages
│   ├── TooMuchText               too_much_text
│   ├── ParseTimeout              parse_timeout
│   ├── ParseMemoryExceeded       parse_memory
│   └── ParserCrashed             parser_crashed
├── ArchiveIncomplete             archive_incomplete (not all members became documents)
├── ParseCancelled                cancelled      (by the caller)
├── ServiceError                  internal       (a bug or the set-up, not the file)
    ├── SandboxUnavailable            sandbox_unavailable (transient: the machine, not the file)
    └── FilesUnavailable              files_unavailable   (transient: the storage)

The text of an error is for the log; users see `user_message(code)`.
"""

from collections.abc import Mapping
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inference.errors import NotCleared


class IngestionError(Exception):
    """Base class. `code` is stable and stored; `permanent` means that a retry cannot succeed."""

    code: ClassVar[str] = "internal"
    permanent: ClassVar[bool] = True


class FileTooLarge(IngestionError):
    """The file has more bytes than the operator allows."""

    code = "too_large"


class UnsupportedMediaType(IngestionError):
    """The format is not supported; the text of the error names it."""

    code = "unsupported_media_type"


class OtherDocument(IngestionError):
    """The bytes of a new version are those of another document of the instance."""

    code = "other_document"


class DocumentError(IngestionError):
    """The file itself cannot be turned into text."""

    code = "unreadable"


class EncryptedDocument(DocumentError):
    """A password is needed to read the file."""

    code = "encrypted"


class WrongPassword(DocumentError):
    """The password that was given does not open the file."""

    code = "wrong_password"


class EmptyDocument(DocumentError):
    """The file contains no text."""

    code = "empty"


class ImageOnlyDocument(DocumentError):
    """The pages are images, on which OCR read no text."""

    code = "image_only"


class ImageTooLarge(DocumentError):
    """A picture has more pixels than are decoded."""

    code = "image_too_large"


class CorruptDocument(DocumentError):
    """The file is truncated or does not conform to its format."""

    code = "corrupt"


class UnsafeDocument(DocumentError):
    """The file is made to exhaust memory or time (zip bomb, XML entities...)."""

    code = "unsafe"


class ArchiveTooLarge(DocumentError):
    """An archive has more members, or unpacks to more bytes, than the operator allows."""

    code = "archive_too_large"


class TooManyPages(DocumentError):
    """The file has more pages than the operator allows."""

    code = "too_many_pages"


class TooMuchText(DocumentError):
    """The file yields more text than the operator allows."""

    code = "too_much_text"


class ParseTimeout(DocumentError):
    """Reading the file took more processor or wall time than the operator allows."""

    code = "parse_timeout"


class ParseMemoryExceeded(DocumentError):
    """Reading the file took more memory than the operator allows."""

    code = "parse_memory"


class ParserCrashed(DocumentError):
    """The process reading the file was ended by a signal, or returned invalid data."""

    code = "parser_crashed"


class ArchiveIncomplete(IngestionError):
    """Some members of an archive did not become documents; its warnings name them."""

    code = "archive_incomplete"


class ParseCancelled(IngestionError):
    """The caller cancelled the parse before its end."""

    code = "cancelled"


class ServiceError(IngestionError):
    """An error of the service: a bug, or a model server that rejects a request."""

    code = "internal"


class SandboxUnavailable(IngestionError):
    """The process that forks parsers died or cannot be started; a retry may succeed."""

    code = "sandbox_unavailable"
    permanent = False


class FilesUnavailable(IngestionError):
    """The server that holds the files does not answer; a retry may succeed."""

    code = "files_unavailable"
    permanent = False


USER_MESSAGES: Mapping[str, Promise] = {
    FileTooLarge.code: _("This file is too large. Split it, or reduce its images, and try again."),
    UnsupportedMediaType.code: _(
        "This kind of file cannot be read. Convert it to PDF, Word, text or another supported "
        "format, then upload it again."
    ),
    OtherDocument.code: _(
        "This file is already in the instance, as another document. Delete that one first, or "
        "choose another file."
    ),
    DocumentError.code: _(
        "This file could not be read. Try exporting it again, as PDF for example."
    ),
    EncryptedDocument.code: _(
        "This file is protected by a password. Add it again and give its password, or add a copy "
        "without one."
    ),
    WrongPassword.code: _("This password does not open the file. Check it, then try again."),
    EmptyDocument.code: _("This file contains no text."),
    ImageOnlyDocument.code: _(
        "This file contains only images, on which no text could be recognised. If there is text "
        "on them, scan the pages again, upright and at 300 dpi, then upload the new file."
    ),
    ImageTooLarge.code: _(
        "This image has too many pixels. Reduce it (an A4 page at 300 dpi is enough), or split it, "
        "then upload it again."
    ),
    CorruptDocument.code: _(
        "This file is damaged or incomplete. Open it on your computer, save it again, then upload "
        "the new copy."
    ),
    UnsafeDocument.code: _(
        "This file was refused because it unpacks to an abnormal size or structure. Save it again "
        "from the program that made it."
    ),
    ArchiveTooLarge.code: _(
        "This archive contains too many files, or unpacks to too much. Split it into smaller ones."
    ),
    ArchiveIncomplete.code: _(
        "Not all files of this archive were added. Those that are named here can be added on their "
        "own; then delete the archive, of which nothing else is needed."
    ),
    TooManyPages.code: _("This file has too many pages. Split it into smaller files."),
    TooMuchText.code: _("This file contains too much text. Split it into smaller files."),
    ParseTimeout.code: _("Reading this file took too long. Split it into smaller files."),
    ParseMemoryExceeded.code: _(
        "Reading this file needs too much memory. Split it into smaller files."
    ),
    ParserCrashed.code: _("Reading this file failed. Try exporting it again, as PDF for example."),
    ParseCancelled.code: _("Reading this file was cancelled."),
    ServiceError.code: _(
        "This file could not be prepared because of an error of the service, not of the file. "
        "Try again later. If it fails again, report it to the contact of the service."
    ),
    SandboxUnavailable.code: _("Files cannot be read at the moment. Try again later."),
    FilesUnavailable.code: _(
        "The server that stores the files does not answer. Try again in a few minutes."
    ),
    NotCleared.code: _(
        "This document is too sensitive for the server that prepares documents for search, so it "
        "was not sent to it. Inform the contact of the service."
    ),
}

# The status of the answer to an upload that is refused; 422 for the others.
UPLOAD_STATUS: Mapping[str, int] = {
    FileTooLarge.code: 413,
    UnsupportedMediaType.code: 415,
    FilesUnavailable.code: 503,
}

_ERRORS: Mapping[str, type[IngestionError]] = {
    error.code: error
    for error in (
        FileTooLarge, UnsupportedMediaType, OtherDocument, EncryptedDocument, WrongPassword,
        EmptyDocument, ImageOnlyDocument, ImageTooLarge, CorruptDocument, UnsafeDocument,
        ArchiveTooLarge, ArchiveIncomplete, TooManyPages, TooMuchText, ParseTimeout,
        ParseMemoryExceeded, ParserCrashed, ParseCancelled, ServiceError, SandboxUnavailable,
        FilesUnavailable,
    )
}  # fmt: skip


def error_for_code(code: str) -> type[IngestionError]:
    """Return the error class with this `code`; ParserCrashed for an unknown code."""
    return _ERRORS.get(code, ParserCrashed)


def is_file_at_fault(code: str) -> bool:
    """Return whether another file may succeed where this one failed."""
    return issubclass(_ERRORS.get(code, ServiceError), DocumentError)


def retry_may_help(code: str) -> bool:
    """Return whether another try at the same file may succeed, as on a less busy machine, or with
    other languages of OCR."""
    if code == ArchiveIncomplete.code:
        return False
    passing = (ParseTimeout.code, ParserCrashed.code, ImageOnlyDocument.code)
    return code in passing or not is_file_at_fault(code)


def user_message(code: str) -> Promise:
    """Return the translated message for `code`: what happened, and what the user can do.

    A code that is not in the table (others of `inference.errors`) is an error of the service.
    """
    return USER_MESSAGES.get(code, USER_MESSAGES[ServiceError.code])
