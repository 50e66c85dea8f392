"""Some members of an archive, or files attached to a document, at a time, within limits on their
number and their bytes.

Archives in archives are opened in place: their members are members under their name, and count in
the same limits.
"""

import io
import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from ingestion.errors import (
    ArchiveTooLarge,
    CorruptDocument,
    EncryptedDocument,
    IngestionError,
    UnsafeDocument,
)
from ingestion.parsing import media_types
from ingestion.parsing.archive import MAX_RATIO, RATIO_FREE_BYTES
from ingestion.parsing.detection.files import detect
from ingestion.parsing.limits import MIB
from ingestion.parsing.unpacking.mail_members import mail_members
from ingestion.parsing.unpacking.members import (
    Member,
    MemberDamaged,
    Refusal,
    archive_stem,
    base_name,
)
from ingestion.parsing.unpacking.office_members import office_members
from ingestion.parsing.unpacking.pdf_members import pdf_members
from ingestion.parsing.unpacking.seven_zip_members import seven_zip_members
from ingestion.parsing.unpacking.tar_members import tar_members
from ingestion.parsing.unpacking.zip_members import zip_members

# What systems leave in folders, and no person means to add (as `static/js/documents/files.js`).
_JUNK = re.compile(r"(?:^|[/\\])(?:\.|~\$|thumbs\.db$|desktop\.ini$|__macosx(?:[/\\]|$))", re.I)
# A member's name is shown, and stored.
_MAX_NAME_CHARS = 1_000
_MAX_BATCH_MEMBERS = 200
# An archive may be in another, and that one in a third. It is held in memory.
_MAX_DEPTH = 2
_MAX_INNER_BYTES = 100 * MIB
# By the name, since every member would have to be unpacked to tell it otherwise.
_ARCHIVE_ENDS = tuple(
    end for kind in sorted(media_types.ARCHIVES) for end in media_types.EXTENSIONS[kind]
)


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
        for number, member in enumerate(_flat(file, media_type, name, budget), start=1):
            if number > limits.max_members:
                raise ArchiveTooLarge(f"more than {limits.max_members} members")
            if number <= start:
                continue
            if bytes_in_batch >= limits.batch_bytes or len(found) >= _MAX_BATCH_MEMBERS:
                return Batch(tuple(found), is_last=False)
            unpacked = _unpacked(member, budget, limits.max_member_bytes)
            bytes_in_batch += len(unpacked.content)
            found.append(unpacked)
    except CorruptDocument:
        if not number:
            raise
        return Batch(tuple(found), is_last=True, is_damaged=True)
    return Batch(tuple(found), is_last=True)


def _flat(
    file: BinaryIO, media_type: str, name: str, budget: "_Budget", depth: int = 0
) -> Iterator[Member]:
    """Yield the members of an archive, and in place of archives in it theirs."""
    for member in _members(file, media_type, name, budget.limits.max_bytes):
        budget.take(member)
        is_archive = member.name.lower().endswith(_ARCHIVE_ENDS) and not _JUNK.search(member.name)
        if not is_archive or member.refusal or depth == _MAX_DEPTH:
            yield member
            continue
        inner = _unpacked(member, budget, _MAX_INNER_BYTES)
        if inner.refusal:
            yield Member(member.name, refusal=inner.refusal)
        else:
            yield from _inner(member.name, inner.content, budget, depth + 1)


def _inner(name: str, content: bytes, budget: "_Budget", depth: int) -> Iterator[Member]:
    """Yield the members of an archive in another, or that one itself if it is none."""
    file = io.BytesIO(content)
    try:
        media_type = detect(file, name)
    except IngestionError:
        media_type = ""
    if media_type not in media_types.ARCHIVES:
        yield Member(name, blocks=lambda: iter((content,)))
        return
    folder = posixpath.join(posixpath.dirname(name), archive_stem(base_name(name)))
    try:
        for member in _flat(file, media_type, base_name(name), budget, depth):
            yield replace(member, name=f"{folder}/{member.name}")
    except EncryptedDocument:
        yield Member(name, refusal="encrypted")
    except CorruptDocument:
        yield Member(name, refusal="damaged")


def _members(file: BinaryIO, media_type: str, name: str, max_bytes: int) -> Iterator[Member]:
    file.seek(0)
    match media_type:
        case media_types.ZIP:
            return zip_members(file)
        case media_types.SEVEN_ZIP:
            return seven_zip_members(file)
        case media_types.PDF:
            return pdf_members(file)
        case media_types.EML | media_types.MSG:
            return mail_members(file, media_type)
        case media_types.DOCX | media_types.PPTX | media_types.XLSX:
            return office_members(file, max_bytes)
    return tar_members(file, media_type, name)


def _unpacked(member: Member, budget: "_Budget", max_bytes: int) -> Unpacked:
    name = member.name[:_MAX_NAME_CHARS].encode("utf-8", "replace").decode().replace("\0", "")
    if _JUNK.search(name):
        return Unpacked(name, refusal="junk")
    if member.refusal:
        return Unpacked(name, refusal=member.refusal)
    if member.size > max_bytes:
        return Unpacked(name, refusal="too_large")
    content = io.BytesIO()
    try:
        for block in member.blocks():
            budget.unpacked(block, member)
            content.write(block)
            if content.tell() > max_bytes:
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

    def take(self, member: Member) -> None:
        """Count the stated size of a member; raises ArchiveTooLarge or UnsafeDocument."""
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
