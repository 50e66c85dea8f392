"""The last checkpoint of the audit log, kept in a file outside the database.

Whoever empties the log, or cuts off its end, leaves a chain that is whole by itself; but the chain
in the database then no longer contains the checkpoint in ``AUDIT_CHECKPOINT_FILE``.
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
    """The audit log does not contain a checkpoint of its own that was kept outside."""


def read_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint that ``as_json`` wrote into a file. Raises OSError, or ValueError."""
    try:
        read = json.loads(path.read_text())
        return Checkpoint(read["number"], read["digest"], datetime.fromisoformat(read["sealed_at"]))
    except (TypeError, KeyError) as error:
        raise ValueError(f"{path} holds no checkpoint") from error


def as_json(checkpoint: Checkpoint) -> str:
    """A checkpoint as one line of JSON."""
    return json.dumps(asdict(checkpoint), default=datetime.isoformat)


def kept_checkpoint() -> Checkpoint | None:
    """The checkpoint in ``AUDIT_CHECKPOINT_FILE``; None before the first."""
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


def advance_checkpoint() -> None:
    """Keep the present end of the chain, in the file and in the log of the process.

    Raises CheckpointContradicted, and leaves the file, when the chain does not contain it; OSError
    or ValueError when the file cannot be read or written.
    """
    kept = kept_checkpoint()
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
