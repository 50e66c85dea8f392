"""Some members of an archive at a time, within limits on their number and their bytes."""

import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ingestion.errors import ArchiveTooLarge, CorruptDocument, UnsafeDocument
from ingestion.parsing import media_types
from ingestion.parsing.archive import MAX_RATIO, RATIO_FREE_BYTES
from ingestion.parsing.unpacking.members import Member, MemberDamaged, Refusal
from ingestion.parsing.unpacking.seven_zip_members import seven_zip_members
from ingestion.parsing.unpacking.tar_members import tar_members
from ingestion.parsing.unpacking.zip_members import zip_members

# What systems leave in folders, and no person means to add (as `static/js/documents/files.js`).
_JUNK = re.compile(r"(?:^|[/\\])(?:\.|~\$|thumbs\.db$|desktop\.ini$|__macosx(?:[/\\]|$))", re.I)
# A member's name is shown, and stored.
_MAX_NAME_CHARS = 1_000
_MAX_BATCH_MEMBERS = 200


@dataclass(frozen=True, slots=True)
class UnpackLimits:
    """How many members an archive may have, the bytes that one and all of them may have, and the
    bytes after which a batch ends."""

    max_members: int
    max_member_bytes: int
    max_bytes: int
    batch_bytes: int


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A member that was unpacked, or why it was not."""

    name: str
    content: bytes = b""
    refusal: Refusal = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Members that follow one another. `is_damaged`: what follows the last could not be read."""

    members: tuple[Unpacked, ...]
    is_last: bool
    is_damaged: bool = False


def unpack(
    file: BinaryIO, *, media_type: str, name: str, start: int, limits: UnpackLimits
) -> Batch:
    """Return the members from number `start` on of an archive called `name`.

    Raises CorruptDocument if nothing of it can be read, ArchiveTooLarge, UnsafeDocument, or
    EncryptedDocument if its directory is encrypted.
    """
    found: list[Unpacked] = []
    budget = _Budget(file, limits)
    bytes_in_batch = number = 0
    try:
        for number, member in enumerate(_members(file, media_type, name), start=1):
            budget.take(member, number)
            if number <= start:
                continue
            if bytes_in_batch >= limits.batch_bytes or len(found) >= _MAX_BATCH_MEMBERS:
                return Batch(tuple(found), is_last=False)
            unpacked = _unpacked(member, budget)
            bytes_in_batch += len(unpacked.content)
            found.append(unpacked)
    except CorruptDocument:
        if not number:
            raise
        return Batch(tuple(found), is_last=True, is_damaged=True)
    return Batch(tuple(found), is_last=True)


def _members(file: BinaryIO, media_type: str, name: str) -> Iterator[Member]:
    file.seek(0)
    if media_type == media_types.ZIP:
        return zip_members(file)
    if media_type == media_types.SEVEN_ZIP:
        return seven_zip_members(file)
    return tar_members(file, media_type, name)


def _unpacked(member: Member, budget: "_Budget") -> Unpacked:
    name = member.name[:_MAX_NAME_CHARS].encode("utf-8", "replace").decode().replace("\0", "")
    if _JUNK.search(name):
        return Unpacked(name, refusal="junk")
    if member.refusal:
        return Unpacked(name, refusal=member.refusal)
    if member.size > budget.limits.max_member_bytes:
        return Unpacked(name, refusal="too_large")
    content = io.BytesIO()
    try:
        for block in member.blocks():
            budget.unpacked(block, member)
            content.write(block)
            if content.tell() > budget.limits.max_member_bytes:
                return Unpacked(name, refusal="too_large")
    except MemberDamaged:
        return Unpacked(name, refusal="damaged")
    return Unpacked(name, content.getvalue())


class _Budget:
    """What is unpacked in all: the sizes that the archive states, and what is found beyond."""

    def __init__(self, file: BinaryIO, limits: UnpackLimits) -> None:
        self.limits = limits
        self._archive_bytes = file.seek(0, os.SEEK_END)
        self._total = 0

    def take(self, member: Member, number: int) -> None:
        """Count a member; raises ArchiveTooLarge or UnsafeDocument."""
        if number > self.limits.max_members:
            raise ArchiveTooLarge(f"more than {self.limits.max_members} members")
        self._add(member.size)

    def unpacked(self, block: bytes, member: Member) -> None:
        """Count the bytes of a member whose size was not known."""
        if not member.size:
            self._add(len(block))

    def _add(self, count: int) -> None:
        self._total += count
        if self._total > max(RATIO_FREE_BYTES, MAX_RATIO * self._archive_bytes):
            raise UnsafeDocument(f"{self._archive_bytes} bytes unpack to {self._total}")
        if self._total > self.limits.max_bytes:
            raise ArchiveTooLarge(f"more than {self.limits.max_bytes} bytes unpacked")
