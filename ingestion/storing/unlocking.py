"""Uploaded files with a password, opened once in the confined child process.

The password goes from the request to the child by a pipe. It is not stored, logged or sent
elsewhere. The file is stored without it, since its text, its passages and the pictures of its pages
could be read without it anyhow.
"""

import tempfile
from dataclasses import replace
from typing import IO, BinaryIO, cast

from django.conf import settings

from ingestion.parsing.limits import MIB, ParseLimits
from ingestion.parsing.protected.unlock import may_need_password
from ingestion.sandbox import UnlockRequest, load_unlocked, run_in_child

# Somebody waits for it. Keys are derived in less than a second; the rest is copied.
_LIMITS = ParseLimits(cpu_seconds=30, wall_seconds=45)


def unlocked(file: IO[bytes], password: str) -> BinaryIO | None:
    """Return a temporary file with the bytes of ``file``, which is on disk, without its password;
    None if it needs none.

    Raises ``EncryptedDocument`` if a password is needed and none is given, ``WrongPassword``, or
    another error of ``ingestion.errors``.
    """
    if not may_need_password(cast(BinaryIO, file)):
        return None
    limits = replace(
        _LIMITS,
        memory_bytes=settings.PARSE_MEMORY_BYTES,
        max_result_bytes=settings.MAX_UPLOAD_BYTES + MIB,
    )
    file.seek(0)
    content, _cpu_seconds = run_in_child(
        file,
        request=UnlockRequest(password, limits),
        load=load_unlocked,
        require_protections=settings.SANDBOX_REQUIRED,
    )
    if content is None:
        return None
    copy = tempfile.TemporaryFile()  # noqa: SIM115 (closed with its last reference)
    copy.write(content)
    copy.flush()
    return cast(BinaryIO, copy)
