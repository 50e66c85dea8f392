"""Turns fetched items into documents. Each function runs inside ``tenant(instance)``."""

import hashlib
from typing import IO

from django.utils import timezone

from ingestion import uploads, versions
from ingestion.errors import IngestionError, OtherDocument
from ingestion.models import Document
from ingestion.upload_names import clean_name
from instances.errors import QuotaExceeded, WrongStatus
from sources.errors import CLOSED, QUOTA, ItemGone, SourceError
from sources.interface import Fetched, Item
from sources.models import Source, SourceItem, SourceRun
from sources.runs.listing import store_items

_BLOCK_BYTES = 1 << 20
_MAX_LINES = 300


class RunRefused(Exception):
    """No further item can be stored; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def store_fetched(run: SourceRun, row: SourceItem, fetched: Fetched, *, max_items: int) -> None:
    """Store what an item was found to be, and what was found in it. Raises RunRefused."""
    if not fetched.is_unchanged:
        row.found = [_as_json(item) for item in fetched.found]
    _see_found(run, row, max_items)
    code = ""
    try:
        outcome = _store_content(run.source, row, fetched)
    except IngestionError as error:
        # Of a replacement that was refused, the former document remains.
        row.refresh_from_db(fields=["document"])
        outcome, code = SourceItem.Outcome.FAILED, error.code
        if not error.permanent:
            _finish(run, row, outcome, code)
            return
    except (QuotaExceeded, WrongStatus) as error:
        raise RunRefused(QUOTA if isinstance(error, QuotaExceeded) else CLOSED) from error
    row.stored_mark = row.listed_mark
    row.fetched_mark = fetched.mark or row.fetched_mark
    run.failed_in_a_row = 0
    _finish(run, row, outcome, code)


def store_failure(run: SourceRun, row: SourceItem, error: SourceError, *, max_items: int) -> None:
    """Store why an item could not be fetched; what was found in it before is still there."""
    if isinstance(error, ItemGone):
        # Not seen in this run, so that it is removed like one that is not listed.
        row.run, row.is_pending, row.error_code = None, False, error.code
        row.missing_since = row.missing_since or timezone.now()
        row.save(update_fields=["run", "is_pending", "error_code", "missing_since"])
        return
    _see_found(run, row, max_items)
    run.failed_in_a_row = run.failed_in_a_row + 1 if error.is_of_server else 0
    _finish(run, row, SourceItem.Outcome.FAILED, error.code)


def remove_item(row: SourceItem) -> bool:
    """Delete an item, and its document unless another item has it; return whether it had one."""
    document = row.document if row.owns_document else None
    if document is not None and not _hand_over(row, document):
        _delete_all_versions(document)
    row.delete()
    return document is not None


def add_line(run: SourceRun, row: SourceItem, outcome: str, code: str = "") -> None:
    """Add an item to the report of a run, which has room for some hundred."""
    if len(run.lines) < _MAX_LINES:
        line = {"name": row.name, "url": row.url, "outcome": str(outcome), "code": code}
        run.lines = [*run.lines, line]


def _store_content(source: Source, row: SourceItem, fetched: Fetched) -> SourceItem.Outcome:
    """Store the file of an item, in place of the former one if it has changed."""
    if fetched.is_unchanged or fetched.content is None:
        return SourceItem.Outcome.UNCHANGED
    if fetched.name:
        row.name = clean_name(fetched.name)
    sha256 = _sha256(fetched.content)
    # A document that a person has deleted stays deleted until the item changes.
    if sha256 == row.sha256:
        return SourceItem.Outcome.UNCHANGED
    former = row.document
    row.document, row.owns_document = _put(source, row, fetched.content)
    row.sha256 = sha256
    return SourceItem.Outcome.ADDED if former is None else SourceItem.Outcome.CHANGED


def _put(source: Source, row: SourceItem, content: IO[bytes]) -> tuple[Document, bool]:
    """Store a file as the document of an item, or as its next version.

    Returns the document, and whether it was made from the item.
    """
    former = row.document if row.owns_document else None
    if former is not None and not _hand_over(row, former):
        try:
            version = versions.add_version(
                former, user=source.created_by, name=row.name, content=content
            )
        except OtherDocument:
            # Two items have become the same.
            _delete_all_versions(former)
            content.seek(0)
        else:
            return version[0], True
    return uploads.store_upload(
        instance=source.instance,
        user=source.created_by,
        name=row.name,
        folder=row.folder,
        content=content,
    )


def _hand_over(row: SourceItem, document: Document) -> bool:
    """Let another item whose bytes were the same own the document; return whether there is one."""
    others = SourceItem.objects.for_instance(row.instance_id).filter(document=document)
    heir = others.exclude(pk=row.pk).select_for_update().first()
    if heir is None:
        return False
    heir.owns_document = True
    heir.save(update_fields=["owns_document"])
    return True


def _delete_all_versions(document: Document) -> None:
    versions.delete(versions.current_version(document) or document)


def _see_found(run: SourceRun, row: SourceItem, max_items: int) -> None:
    found = [Item(**each) for each in row.found]
    if found and store_items(run, found, max_items=max_items):
        run.is_truncated = True


def _finish(run: SourceRun, row: SourceItem, outcome: SourceItem.Outcome, code: str = "") -> None:
    row.outcome, row.error_code, row.is_pending = outcome, code, False
    row.missing_since = None
    row.save()
    setattr(run, outcome, getattr(run, outcome) + 1)
    if outcome != SourceItem.Outcome.UNCHANGED:
        add_line(run, row, outcome, code)
    run.save()


def _as_json(item: Item) -> dict[str, object]:
    return {
        "key": item.key,
        "name": item.name,
        "folder": item.folder,
        "url": item.url,
        "mark": item.mark,
        "data": dict(item.data),
    }


def _sha256(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    content.seek(0)
    while block := content.read(_BLOCK_BYTES):
        digest.update(block)
    content.seek(0)
    return digest.hexdigest()
