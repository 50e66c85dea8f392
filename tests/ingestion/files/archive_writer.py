"""Writes archives for the tests: zip, tar, 7z."""

import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path


def zip_of(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tar_of(path: Path, files: Mapping[str, bytes], mode: str = "w") -> Path:
    """Write a tar; `mode` "w:gz" and the like compress it."""
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def seven_zip_of(
    path: Path,
    files: Mapping[str, bytes],
    *,
    method: str = "lzma2",
    coder: bytes = b"",
    packed: Callable[[bytes], bytes] | None = None,
) -> Path:
    """Write a 7z whose files are packed together (7zFormat.txt), by LZMA2 or not at all; "aes" only
    says that they are encrypted. `coder` and `packed` are another method, of blocks of 16 bytes."""
    data = b"".join(files.values())
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]
    bytes_packed, own = {
        "lzma2": (lzma.compress(data, lzma.FORMAT_RAW, filters=filters), b"\x21\x21\x01\x10"),
        "copy": (data, b"\x01\x00"),
        "aes": (data, b"\x04\x06\xf1\x07\x01"),
    }[method]
    if packed is not None:
        bytes_packed, own = packed(data.ljust(-(-len(data) // 16) * 16, b"\0")), coder
    stored = [content for content in files.values() if content]
    header = (
        b"\x01\x04\x06" + _number(0) + _number(1) + b"\x09" + _number(len(bytes_packed)) + b"\0"
    )
    header += b"\x07\x0b" + _number(1) + b"\0" + _number(1) + own
    header += b"\x0c" + _number(len(data)) + b"\0"
    header += b"\x08\x0d" + _number(len(stored))
    header += b"\x09" + b"".join(_number(len(content)) for content in stored[:-1])
    header += b"\x0a\x01" + b"".join(struct.pack("<L", zlib.crc32(item)) for item in stored)
    header += b"\0\0\x05" + _number(len(files))
    empty = [not content for content in files.values()]
    header += _property(14, _bits(empty)) + _property(15, _bits([True] * sum(empty)))
    names = "".join(f"{name}\0" for name in files).encode("utf-16-le")
    header += _property(17, b"\0" + names) + b"\0\0"
    start = struct.pack("<QQL", len(bytes_packed), len(header), zlib.crc32(header))
    signature = b"7z\xbc\xaf\x27\x1c\0\x04" + struct.pack("<L", zlib.crc32(start)) + start
    path.write_bytes(signature + bytes_packed + header)
    return path


def _number(value: int) -> bytes:
    if value < 0x80:
        return bytes([value])
    return b"\xff" + value.to_bytes(8, "little")


def _bits(values: list[bool]) -> bytes:
    text = "".join("1" if value else "0" for value in values)
    return bytes(int(text[n : n + 8].ljust(8, "0"), 2) for n in range(0, len(text), 8))


def _property(kind: int, data: bytes) -> bytes:
    return bytes([kind]) + _number(len(data)) + data
