"""What users are told of the errors of `ingestion.errors`: what happened, and what they can do."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inference.errors import NotCleared
from ingestion.errors import (
    ArchiveIncomplete,
    ArchiveTooLarge,
    CorruptDocument,
    DocumentError,
    EmptyDocument,
    EncryptedDocument,
    FilesUnavailable,
    FileTooLarge,
    ImageOnlyDocument,
    ImageTooLarge,
    NoSound,
    NoSpeech,
    NoTranscriber,
    OtherDocument,
    ParseCancelled,
    ParseMemoryExceeded,
    ParserCrashed,
    ParseTimeout,
    RecordingNotCleared,
    RecordingTooLong,
    SandboxUnavailable,
    ServiceError,
    TooManyPages,
    TooMuchText,
    UnsafeDocument,
    UnsupportedMediaType,
    WrongPassword,
)

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
    NoSound.code: _("This film has no sound that could be transcribed."),
    NoSpeech.code: _("Nothing is said in this recording that could be understood."),
    RecordingTooLong.code: _(
        "This recording is longer than 24 hours, or its file wrongly says so. Cut it into shorter "
        "recordings, or export it again, then upload the result."
    ),
    NoTranscriber.code: _(
        "No model that transcribes recordings is set up here. Ask the contact of the service for "
        "one, then try again; or add the subtitles of the recording (VTT or SRT) instead."
    ),
    RecordingNotCleared.code: _(
        "This recording was not sent to be transcribed, because no model that transcribes may "
        "receive documents as sensitive as this one. Ask the contact of the service."
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


def user_message(code: str) -> Promise:
    """Return the translated message for `code`: what happened, and what the user can do.

    A code that is not in the table (others of `inference.errors`) is an error of the service.
    """
    return USER_MESSAGES.get(code, USER_MESSAGES[ServiceError.code])
