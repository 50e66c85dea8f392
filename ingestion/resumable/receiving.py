"""Receive bytes of an upload as they arrive, and keep them piece by piece."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.utils import timezone

from ingestion.models import ResumableUpload
from ingestion.resumable.creation import next_expiry
from ingestion.resumable.pieces import delete_pieces, piece_start, read_piece, save_piece
from ingestion.resumable.protocol import Checksum
from ingestion.resumable.refusals import CHECKSUM_MISMATCH, UploadRefused
from instances.models import Instance
from instances.tenancy import in_tenant
from web.server.body_stream import ClientLeft

# What a request holds in memory; what a killed process loses at most.
PIECE_BYTES = 8 << 20
# A slow sender's bytes are kept more often; a smaller piece is joined to the next.
_SMALL_BYTES = 1 << 20
_SLOW_S = 5.0


@dataclass
class _Reception:
    """The bytes of one request; ``offset`` is that of the row, ``end`` that of what is stored."""

    instance: Instance
    upload: ResumableUpload
    is_checked: bool
    offset: int
    end: int
    pieces: list[str]
    buffer: bytearray = field(default_factory=bytearray)
    # Pieces of the storage that the row does not name, or will not name.
    added: list[str] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)
    kept_at: float = field(default_factory=time.monotonic)

    @property
    def is_due(self) -> bool:
        """Whether the bytes in memory should be stored now."""
        if len(self.buffer) >= PIECE_BYTES:
            return True
        is_slow = time.monotonic() - self.kept_at > _SLOW_S
        return is_slow and len(self.buffer) >= _SMALL_BYTES

    async def store(self) -> None:
        """Store the bytes in memory; acknowledge them, unless their checksum comes last."""
        if self.buffer:
            content, self.buffer = self.buffer, bytearray()
            await asyncio.to_thread(self._store, content)
            self.kept_at = time.monotonic()
        if not self.is_checked:
            await self.acknowledge()

    async def acknowledge(self) -> None:
        """Write to the row what is stored. Raises UploadRefused if another request was faster."""
        if self.end == self.offset:
            return
        # Until the answer is here, the row may name them: after an error or a cancellation, those
        # that it does not name are deleted with the upload.
        added, self.added = self.added, []
        if not await in_tenant(self.instance, _advance, self.upload, self):
            self.added = added
            raise UploadRefused(HTTPStatus.CONFLICT, "offset_differs")
        self.offset = self.end
        if self.joined:
            await self._delete(self.joined)
            self.joined = []

    async def forget(self) -> None:
        """Delete what is stored and that the row certainly does not name."""
        if self.added:
            await self._delete(self.added)

    def _store(self, content: bytearray) -> None:
        start, data = self.end, content
        last = self.pieces[-1] if self.pieces else None
        if last is not None and start - piece_start(last) < _SMALL_BYTES:
            start = piece_start(last)
            data = bytearray(read_piece(self.instance.pk, self.upload.pk, last)) + content
            self.joined.append(self.pieces.pop())
        name = save_piece(self.instance.pk, self.upload.pk, start, data)
        self.pieces.append(name)
        self.added.append(name)
        self.end += len(content)

    async def _delete(self, names: list[str]) -> None:
        await asyncio.to_thread(delete_pieces, self.instance.pk, self.upload.pk, names)


async def receive(
    upload: ResumableUpload,
    instance: Instance,
    parts: AsyncIterator[bytes],
    checksum: Checksum | None = None,
) -> int:
    """Keep the bytes that arrive after the offset of ``upload``; return the new offset.

    When the client leaves, what has arrived is kept, and ClientLeft raised. Bytes with a checksum
    are kept when it is right, or not at all. Raises UploadRefused, FilesUnavailable.
    """
    reception = _Reception(
        instance=instance,
        upload=upload,
        is_checked=checksum is not None,
        offset=upload.offset_bytes,
        end=upload.offset_bytes,
        pieces=list(upload.pieces),
    )
    try:
        await _receive(reception, parts, checksum)
    finally:
        await reception.forget()
    return reception.offset


async def _receive(
    reception: _Reception, parts: AsyncIterator[bytes], checksum: Checksum | None
) -> None:
    room = reception.upload.length_bytes - reception.offset
    try:
        async for part in parts:
            room -= len(part)
            if room < 0:
                raise UploadRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_long")
            reception.buffer += part
            if checksum is not None:
                checksum.update(part)
            if reception.is_due:
                await reception.store()
    except ClientLeft:
        if checksum is None:
            await reception.store()
        raise
    await reception.store()
    if checksum is not None:
        if not checksum.is_right:
            raise UploadRefused(CHECKSUM_MISMATCH, "checksum_differs")
        await reception.acknowledge()


def _advance(upload: ResumableUpload, reception: Any) -> bool:
    """Write the new offset and pieces if the offset is still that of before."""
    rows = ResumableUpload.objects.for_instance(upload.instance_id).filter(
        pk=upload.pk,
        state=ResumableUpload.State.RECEIVING,
        offset_bytes=reception.offset,
    )
    changed: int = rows.update(
        offset_bytes=reception.end,
        pieces=reception.pieces,
        received_at=timezone.now(),
        expires_at=next_expiry(),
    )
    return bool(changed)
