"""Files attached to a document or embedded in it, which become documents beside it.

Its parser only names them (``WarningCode.UNREAD_FILES``). Those of formats that
``ingestion.parsing.unpacking`` opens are stored before the document itself is embedded.
"""

import logging
from dataclasses import replace
from threading import Event

from ingestion.attempts.locking import Attempt, locked
from ingestion.errors import CorruptDocument, DocumentError
from ingestion.models import Document
from ingestion.parse_warnings import ParseWarning, WarningCode, merged_warnings
from ingestion.parsing.document import ParsedDocument
from ingestion.parsing.media_types import WITH_ATTACHMENTS
from ingestion.storing.members import MAX_NESTING, next_batch, store_members

logger = logging.getLogger(__name__)

_OF_MEMBERS = "members_"


def store_attachments(
    attempt: Attempt, document: Document, parsed: ParsedDocument, cancelled: Event
) -> ParsedDocument:
    """Store the files that a document names as documents; return it with warnings of those that
    could not be.

    If they cannot be unpacked, or it is attached to a conversation, whose reader alone may see it,
    it is returned as it is, and its warning goes on naming them.
    """
    if document.is_attachment:
        return parsed
    named = any(item.code == WarningCode.UNREAD_FILES for item in parsed.warnings)
    if not named or document.media_type not in WITH_ATTACHMENTS or document.nesting > MAX_NESTING:
        return parsed
    try:
        while True:
            batch = next_batch(document, cancelled)
            store_members(attempt, batch.members, attached=True)
            if batch.is_damaged:
                raise CorruptDocument("what follows cannot be read")
            if batch.is_last:
                break
            with locked(attempt, Document.UNFINISHED) as row:
                document.unpacked_files = row.unpacked_files
    except DocumentError as error:
        logger.info("attachments of document %s: %s", document.pk, error.code)
        return replace(parsed, warnings=(*parsed.warnings, *_of_members(attempt)))
    others = [item for item in parsed.warnings if item.code != WarningCode.UNREAD_FILES]
    return replace(parsed, warnings=merged_warnings([*others, *_of_members(attempt)]))


def _of_members(attempt: Attempt) -> list[ParseWarning]:
    """Return the warnings of files that are no documents, of this time and of times before."""
    with locked(attempt, Document.UNFINISHED) as row:
        return [item for item in row.parse_warnings if item.code.startswith(_OF_MEMBERS)]
