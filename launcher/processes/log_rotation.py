"""Rotation of log files."""

import shutil
from pathlib import Path

MAX_BYTES = 10 << 20
KEPT = 3


def rotate(log_dir: Path, *, max_bytes: int = MAX_BYTES, kept: int = KEPT) -> None:
    """Turn ``name.log`` of more than ``max_bytes`` into ``name.log.1`` (… ``.<kept>``).

    The writer keeps its file open, in append mode: it is copied, then truncated in place.
    """
    for log in log_dir.glob("*.log"):
        if log.stat().st_size <= max_bytes:
            continue
        for number in range(kept - 1, 0, -1):
            older = log.with_name(f"{log.name}.{number}")
            if older.exists():
                older.replace(log.with_name(f"{log.name}.{number + 1}"))
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        log.open("w").close()
