"""Errors between the upload of a file and its passages.

IngestionError                    code, permanent
├── FileTooLarge                  too_large      (refused while it is being uploaded)
├── UnsupportedMediaType          unsupported_media_type
├── DocumentError                 (the file itself: a retry changes nothing)
│   ├── EncryptedDocument         encrypted
│   ├── WrongPassword             wrong_password (refused while it is being uploaded)
│   ├── EmptyDocument             empty
│   ├── ImageOnlyDocument         image_only
│   ├── NoSound                   no_sound       (a film without any)
│   ├── NoSpeech                  no_speech
│   ├── RecordingTooLong          recording_too_long
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
├── NoTranscriber                 no_transcriber (no model transcribes recordings here)
├── RecordingNotCleared           recording_not_cleared (none may receive this one)
├── ParseCancelled                cancelled      (by the caller)
├── ServiceError                  internal       (a bug or the set-up, not the file)
    ├── SandboxUnavailable            sandbox_unavailable (transient: the machine, not the file)
    └── FilesUnavailable              files_unavailable   (transient: the storage)

The text of an error is for the log; users see the sentences of `ingestion.error_messages`.
"""

from collections.abc import Mapping
from typing import ClassVar


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
    """The file itself cannot be turned into text; ``cpu_seconds`` is what a child spent on it."""

    code = "unreadable"
    cpu_seconds: float = 0.0


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


class NoSound(DocumentError):
    """The recording has no sound."""

    code = "no_sound"


class NoSpeech(DocumentError):
    """Nothing is said in the recording."""

    code = "no_speech"


class RecordingTooLong(DocumentError):
    """The recording lasts longer than a day, or its header says so."""

    code = "recording_too_long"


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


class NoTranscriber(IngestionError):
    """No model that transcribes recordings is set up for the instance."""

    code = "no_transcriber"


class RecordingNotCleared(IngestionError):
    """The recording is above the clearance of all models that transcribe."""

    code = "recording_not_cleared"


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


_ERRORS: Mapping[str, type[IngestionError]] = {
    error.code: error
    for error in (
        FileTooLarge, UnsupportedMediaType, OtherDocument, EncryptedDocument, WrongPassword,
        EmptyDocument, ImageOnlyDocument, NoSound, NoSpeech, NoTranscriber, RecordingNotCleared,
        RecordingTooLong, ImageTooLarge, CorruptDocument, UnsafeDocument,
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
