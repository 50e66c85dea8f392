"""The last checkpoint of the audit log, stored in a file outside the database.

A truncated log is a valid chain by itself, but it does not contain the checkpoint in
``AUDIT_CHECKPOINT_FILE``.
"""

import json
import logging
import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from django.conf import settings

from instances.audit.seals import Checkpoint, current_checkpoint
from instances.models import AuditSeal

logger = logging.getLogger(__name__)


class CheckpointContradicted(Exception):
    """The audit log does not contain a checkpoint that was stored outside the database."""


def read_checkpoint(path: Path) -> Checkpoint:
    """Return the checkpoint in a file written with ``as_json``. Raises OSError or ValueError."""
    try:
        read = json.loads(path.read_text())
        return Checkpoint(read["number"], read["digest"], datetime.fromisoformat(read["sealed_at"]))
    except (TypeError, KeyError) as error:
        raise ValueError(f"{path} holds no checkpoint") from error


def as_json(checkpoint: Checkpoint) -> str:
    """Return a checkpoint as one line of JSON."""
    return json.dumps(asdict(checkpoint), default=datetime.isoformat)


def stored_checkpoint() -> Checkpoint | None:
    """Return the checkpoint in ``AUDIT_CHECKPOINT_FILE``, None before the first."""
    try:
        return read_checkpoint(settings.AUDIT_CHECKPOINT_FILE)
    except FileNotFoundError:
        return None


def require_contained(checkpoint: Checkpoint) -> None:
    """Raise CheckpointContradicted unless the chain in the database contains ``checkpoint``."""
    seal = AuditSeal.objects.filter(number=checkpoint.number).first()
    sealed_at = f"{checkpoint.sealed_at:%Y-%m-%d %H:%M:%S %Z}"
    if seal is None:
        raise CheckpointContradicted(
            f"seal {checkpoint.number} of {sealed_at} is missing: the end of the log was removed,"
            " or an older backup was restored"
        )
    if seal.digest != checkpoint.digest:
        raise CheckpointContradicted(
            f"seal {checkpoint.number} is not that of {sealed_at}: the log was rewritten"
        )


def update_checkpoint() -> None:
    """Write the present end of the chain to the file and to the log of the process.

    If the chain does not contain the stored checkpoint, raises CheckpointContradicted and leaves
    the file unchanged. Raises OSError or ValueError if the file cannot be read or written.
    """
    kept = stored_checkpoint()
    if kept is not None:
        require_contained(kept)
    current = current_checkpoint()
    if current is None or (kept is not None and current.number <= kept.number):
        return
    path = settings.AUDIT_CHECKPOINT_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(f"{path.name}.{os.getpid()}")
    written.write_text(as_json(current) + "\n")
    written.replace(path)
    logger.info("audit log sealed up to entry %s: %s", current.number, current.digest)
