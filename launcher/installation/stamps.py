"""Stamps: a file in each result of set-up, with a digest of what the result was made from.

A result that was interrupted or deleted has no stamp, and is made again.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from launcher.project import ROOT


def fingerprint(files: Iterable[Path], *extra: str) -> str:
    """Return a digest of names and contents of ``files`` (under ROOT), and of ``extra``."""
    digest = hashlib.sha256("\0".join(extra).encode())
    for file in sorted(files):
        digest.update(str(file.relative_to(ROOT)).encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def is_fresh(stamp: Path, digest: str) -> bool:
    """Whether ``stamp`` was written for ``digest``."""
    return stamp.exists() and stamp.read_text() == digest


def write_stamp(stamp: Path, digest: str) -> None:
    """Record that the folder of ``stamp`` is complete for ``digest``."""
    partial = stamp.with_name(f"{stamp.name}.partial")
    partial.write_text(digest)
    partial.replace(stamp)
