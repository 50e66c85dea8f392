"""Files of finished answers that could not be saved to the database yet.

The files are JSON: ``<instance>/unsaved-answers/<answer>.json`` in the local directory MEDIA_ROOT,
which web processes and workers share. The storage API is not used: the file is written when the
network may be down, atomically, flushed to the disk, and readable by the account only. It is
deleted with the directory of its instance, or when the answer is saved.
"""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from pydantic import TypeAdapter, ValidationError

from chat.answers.persistence import FinishedAnswer

logger = logging.getLogger(__name__)

FOLDER = "unsaved-answers"
# The minimum age of an incomplete file to be deleted: much longer than writing takes.
_PART_S = 3600
_adapter = TypeAdapter(FinishedAnswer)


def keep(finished: FinishedAnswer) -> None:
    """Write the file of an answer atomically, unless it exists; raises OSError."""
    path = _path(finished)
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(_adapter.dump_json(finished))
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)


def discard(finished: FinishedAnswer) -> None:
    """Delete the file of an answer, if it exists; raises OSError."""
    _path(finished).unlink(missing_ok=True)


def kept() -> Iterator[FinishedAnswer]:
    """Yield the answers in files; files that cannot be read are logged and kept.

    Incomplete files of processes that were killed are deleted.
    """
    for part in Path(settings.MEDIA_ROOT).glob(f"*/{FOLDER}/*.part"):
        with suppress(FileNotFoundError):
            if time.time() - part.stat().st_mtime > _PART_S:
                part.unlink()
    for path in sorted(Path(settings.MEDIA_ROOT).glob(f"*/{FOLDER}/*.json")):
        try:
            yield _adapter.validate_json(path.read_bytes())
        except FileNotFoundError:
            continue  # Its own process has saved it meanwhile.
        except (OSError, ValidationError):
            logger.exception("%s cannot be read", path)


def _path(finished: FinishedAnswer) -> Path:
    folder = Path(settings.MEDIA_ROOT) / str(finished.instance_id) / FOLDER
    return folder / f"{finished.answer_id}.json"
