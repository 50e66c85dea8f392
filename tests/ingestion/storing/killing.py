"""A worker that dies while it stores the files that are in a file."""

from typing import Any

import pytest

from ingestion.models import Document
from ingestion.recovery.reconciliation import restart_lost_documents
from ingestion.storing import members as storing
from ingestion.storing.stored_files import store_file
from tests.ingestion.stages import change, refreshed, run_stage


class Killed(BaseException):
    """What ends a worker in the middle, with its transaction."""


def kill_worker_of(document: Document, *, after: int, monkeypatch: pytest.MonkeyPatch) -> Document:
    """Kill the worker when it has stored ``after`` files; return the document, now waiting."""
    stored: list[tuple[Document, bool]] = []

    def dies(**upload: Any) -> tuple[Document, bool]:
        stored.append(store_file(**upload))
        if len(stored) == after:
            raise Killed
        return stored[-1]

    monkeypatch.setattr(storing, "store_file", dies)
    with pytest.raises(Killed):
        run_stage(document)
    assert refreshed(document).unpacked_files == after - 1
    change(document, worker_seen_at="2020-01-01T00:00:00Z")
    restart_lost_documents()
    return refreshed(document)
