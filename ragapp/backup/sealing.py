"""Copies into and out of a backup, with their SHA-256, encrypted for public keys of age.

With public keys alone, the machine that makes a backup cannot read it again.
"""

import hashlib
import io
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyrage

from ragapp.backup.errors import BackupFailed, Damaged

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Copied:
    """The size and the SHA-256 (hexadecimal) of what was copied, before its encryption."""

    size: int
    sha256: str


def read_recipients(texts: Sequence[str]) -> list[pyrage.x25519.Recipient]:
    """Return public keys (``age1…``). Raises BackupFailed for what is none."""
    try:
        return [pyrage.x25519.Recipient.from_str(text) for text in texts]
    except pyrage.RecipientError as error:
        raise BackupFailed(
            "A recipient must be a public key of age: age1… (age-keygen)."
        ) from error


def read_identities(file: Path | None) -> list[pyrage.x25519.Identity]:
    """Return the secret keys in a file of age-keygen; none without a file."""
    if file is None:
        return []
    try:
        lines = [line.strip() for line in file.read_text().splitlines()]
        keys = [line for line in lines if line and not line.startswith("#")]
        return [pyrage.x25519.Identity.from_str(key) for key in keys]
    except (OSError, pyrage.IdentityError) as error:
        raise BackupFailed(f"{file} holds no secret key of age: {error}") from error


def copy_in(source: IO[bytes], target: Path, recipients: Sequence[Any]) -> Copied:
    """Write ``source`` to the new file ``target``, encrypted if there are ``recipients``."""
    hashing = _HashingReader(source)
    with target.open("wb") as file:
        if recipients:
            pyrage.encrypt_io(hashing, file, list(recipients))
        else:
            shutil.copyfileobj(hashing, file, _BLOCK_BYTES)
    return hashing.copied


def copy_out(stored: Path, target: IO[bytes], identities: Sequence[Any], *, part: str) -> Copied:
    """Write what ``stored`` holds to ``target``. Raises Damaged, naming ``part``."""
    hashing = _HashingWriter(target)
    try:
        with stored.open("rb") as file:
            if identities:
                pyrage.decrypt_io(file, hashing, list(identities))
            else:
                shutil.copyfileobj(file, hashing, _BLOCK_BYTES)
    except FileNotFoundError as error:
        raise Damaged(part, f"{stored} is missing") from error
    except (OSError, pyrage.DecryptError) as error:
        raise Damaged(part, f"{stored} cannot be read ({error})") from error
    return hashing.copied


class _HashingReader(io.RawIOBase):
    """Reads ``source``; ``copied`` is what has been read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self._digest, self._size = source, hashlib.sha256(), 0

    @property
    def copied(self) -> Copied:
        return Copied(self._size, self._digest.hexdigest())

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        block = self._source.read(size)
        self._digest.update(block)
        self._size += len(block)
        return block


class _HashingWriter(io.RawIOBase):
    """Writes to ``target``; ``copied`` is what has been written."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target, self._digest, self._size = target, hashlib.sha256(), 0

    @property
    def copied(self) -> Copied:
        return Copied(self._size, self._digest.hexdigest())

    def writable(self) -> bool:
        return True

    def write(self, block: Any, /) -> int:
        self._target.write(block)
        self._digest.update(block)
        self._size += len(block)
        return len(block)
