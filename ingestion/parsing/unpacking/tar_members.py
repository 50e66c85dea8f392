"""The members of a tar, compressed or not, and the one file of a compressed file."""

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import PurePosixPath
from typing import IO, Any, BinaryIO, cast

from ingestion.errors import CorruptDocument
from ingestion.parsing import media_types
from ingestion.parsing.detection.archives import is_tar
from ingestion.parsing.unpacking.members import BLOCK_BYTES, Member, MemberDamaged

_OPENERS: Mapping[str, Callable[[BinaryIO], Any]] = {
    media_types.GZIP: lambda file: gzip.GzipFile(fileobj=file, mode="rb"),
    media_types.BZIP2: bz2.BZ2File,
    media_types.XZ: lzma.LZMAFile,
}
_DAMAGE = (tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError, ValueError)
_HEAD_BYTES = 512


def tar_members(file: BinaryIO, media_type: str, name: str) -> Iterator[Member]:
    """Yield the members of a tar, or of the tar in a compressed file called `name`; what is no tar
    is the only member. Raises CorruptDocument where the archive is damaged."""
    stream: IO[bytes] = file
    if media_type != media_types.TAR:
        stream = _opened(file, media_type)
        try:
            head = stream.read(_HEAD_BYTES)
        except _DAMAGE as error:
            raise CorruptDocument(f"not readable: {error}") from error
        if not is_tar(head):
            again = partial(_opened, file, media_type)
            yield Member(_unpacked_name(name), blocks=lambda: _all_blocks(again()))
            return
        stream = _opened(file, media_type)
    try:
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            while (info := archive.next()) is not None:
                archive.members = []  # type: ignore[attr-defined]  # not needed again
                if info.isdir():
                    continue
                if not info.isreg():
                    yield Member(info.name, refusal="not_a_file")
                    continue
                yield Member(info.name, info.size, blocks=partial(_blocks, archive, info))
    except _DAMAGE as error:
        raise CorruptDocument(f"the tar is damaged: {error}") from error


def _opened(file: BinaryIO, media_type: str) -> IO[bytes]:
    file.seek(0)
    return cast(IO[bytes], _OPENERS[media_type](file))


def _unpacked_name(name: str) -> str:
    path = PurePosixPath(name)
    return path.stem if path.suffix.lower() in (".gz", ".bz2", ".xz") else path.name


def _blocks(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    stream = archive.extractfile(info)
    if stream is not None:
        left = info.size
        for block in _all_blocks(stream):
            left -= len(block)
            yield block
        if left:
            raise MemberDamaged(f"{left} bytes are missing")


def _all_blocks(stream: IO[bytes]) -> Iterator[bytes]:
    try:
        while block := stream.read(BLOCK_BYTES):
            yield block
    except _DAMAGE as error:
        raise MemberDamaged(str(error)) from error
