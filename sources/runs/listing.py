"""Stores what a list names. Each function runs inside ``tenant(instance)``, the run locked."""

import hashlib
from collections.abc import Iterable

from ingestion.upload_names import clean_folder, clean_name
from sources.interface import Item, ItemPage
from sources.models import SourceItem, SourceRun

_UPDATED = [
    "name",
    "folder",
    "url",
    "data",
    "listed_mark",
    "run",
    "position",
    "is_pending",
    "outcome",
    "error_code",
    "missing_since",
]
_MAX_URL_CHARS = 2000


def store_page(run: SourceRun, page: ItemPage, *, max_items: int) -> None:
    """Store a part of the list, and where it continues; after the last one, fetch what changed."""
    is_full = store_items(run, page.items, max_items=max_items)
    run.is_truncated |= page.is_truncated or is_full
    run.cursor = page.cursor
    if page.cursor is None or is_full:
        run.status, run.cursor = SourceRun.Status.FETCHING, None
    run.save(update_fields=["cursor", "status", "is_truncated", "listed", "unchanged"])


def store_items(run: SourceRun, items: Iterable[Item], *, max_items: int) -> bool:
    """Mark these items as seen in the run; return whether some were left out, beyond the limit.

    An item that the run has seen already stays as it is.
    """
    by_digest = {_digest(item.key): item for item in items}
    known = {
        row.key_digest: row
        for row in SourceItem.objects.for_instance(run.instance_id)
        .filter(source=run.source_id, key_digest__in=by_digest)
        .select_for_update()
    }
    rows: list[SourceItem] = []
    for digest, item in by_digest.items():
        row = known.get(digest) or SourceItem(
            instance_id=run.instance_id, source_id=run.source_id, key=item.key, key_digest=digest
        )
        if row.run_id == run.pk:
            continue
        if run.listed >= max_items:
            _save(rows)
            return True
        run.listed += 1
        _see(row, item, run)
        rows.append(row)
    _save(rows)
    return False


def _see(row: SourceItem, item: Item, run: SourceRun) -> None:
    row.name = clean_name(item.name)
    row.folder = clean_folder(f"{run.source.folder}/{item.folder}")
    row.url = item.url[:_MAX_URL_CHARS]
    row.data = dict(item.data)
    row.listed_mark = item.mark
    row.run, row.position = run, run.listed
    # A version that was stored before is not fetched again. Whether another one is still there is
    # known once it is fetched.
    row.is_pending = not item.mark or item.mark != row.stored_mark
    if row.is_pending:
        row.outcome = row.error_code = ""
    else:
        row.outcome, row.missing_since = SourceItem.Outcome.UNCHANGED, None
        run.unchanged += 1


def _save(rows: list[SourceItem]) -> None:
    SourceItem.objects.bulk_update([row for row in rows if row.pk], _UPDATED, batch_size=200)
    SourceItem.objects.bulk_create([row for row in rows if not row.pk], batch_size=200)


def item_of(row: SourceItem) -> Item:
    """Return a stored item as its kind has listed it."""
    return Item(
        key=row.key,
        name=row.name,
        folder=row.folder,
        url=row.url,
        mark=row.listed_mark,
        data=row.data,
    )


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
