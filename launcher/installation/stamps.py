"""Stamps: a file in the thing that was made, holding a digest of what it was made from.

Whatever was interrupted has no stamp, and is made again; whatever was deleted took its stamp along.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from launcher.project import ROOT


def fingerprint(files: Iterable[Path], *extra: str) -> str:
    """A digest of names and contents of ``files`` (under ROOT), and of ``extra``."""
    digest = hashlib.sha256("\0".join(extra).encode())
    for file in sorted(files):
        digest.update(str(file.relative_to(ROOT)).encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def is_fresh(stamp: Path, digest: str) -> bool:
    """Whether ``stamp`` was written for ``digest``."""
    return stamp.exists() and stamp.read_text() == digest


def write_stamp(stamp: Path, digest: str) -> None:
    """Vouch that what ``stamp`` lies in is complete for ``digest``."""
    partial = stamp.with_name(f"{stamp.name}.partial")
    partial.write_text(digest)
    partial.replace(stamp)
