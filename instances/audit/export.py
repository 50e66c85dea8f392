"""The audit log as a file: CSV for a spreadsheet, JSON Lines for a program.

It is streamed in batches, so that memory does not depend on the length of the log.
"""

import json
from collections.abc import AsyncIterator
from typing import Final

from django.core.serializers.json import DjangoJSONEncoder

from instances.audit.reading import Search, read_batches
from instances.levels import Level
from instances.models import AuditEntry
from instances.tenancy import in_database
from web.csv_files import CSV_MEDIA_TYPE, csv_header, csv_lines

COLUMNS: Final = (
    "at",
    "action",
    "actor_id",
    "actor_name",
    "organisation_id",
    "instance_id",
    "place",
    "target",
    "target_kind",
    "target_id",
    "detail",
    "address",
    "correlation_id",
)
MEDIA_TYPES: Final = {"csv": CSV_MEDIA_TYPE, "jsonl": "application/jsonl; charset=utf-8"}


async def export_lines(level: Level, search: Search, kind: str) -> AsyncIterator[bytes]:
    """Yield the lines of the file; ``kind`` is one of ``MEDIA_TYPES``."""
    if kind == "csv":
        yield csv_header(COLUMNS).encode()
    batches = read_batches(level, search)
    while (batch := await in_database(next, batches, None)) is not None:
        yield (_as_csv(batch) if kind == "csv" else _as_json(batch)).encode()


def _as_csv(entries: list[AuditEntry]) -> str:
    return csv_lines(
        [
            entry.at.isoformat(),
            *(getattr(entry, name) for name in COLUMNS[1:10]),
            json.dumps(entry.detail, ensure_ascii=False, cls=DjangoJSONEncoder),
            entry.address,
            entry.correlation_id,
        ]
        for entry in entries
    )


def _as_json(entries: list[AuditEntry]) -> str:
    lines = (
        json.dumps(
            {name: getattr(entry, name) for name in COLUMNS},
            ensure_ascii=False,
            cls=DjangoJSONEncoder,
        )
        for entry in entries
    )
    return "".join(f"{line}\n" for line in lines)
