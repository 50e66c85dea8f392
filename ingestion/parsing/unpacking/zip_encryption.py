"""Members of a zip that AES encrypts (WinZip's AE-1 and AE-2,
https://www.winzip.com/en/support/aes-encryption/); zipfile knows the older ZipCrypto only."""

import bz2
import hmac
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from hashlib import pbkdf2_hmac
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ingestion.errors import WrongPassword
from ingestion.parsing.unpacking.members import BLOCK_BYTES, MemberDamaged

METHOD = 99
# The lengths of the name and of the extra field, which the bytes of a member follow.
_LOCAL_HEADER = struct.Struct("<26x2H")
_EXTRA_HEADER, _AES = struct.Struct("<HH"), struct.Struct("<H2sBH")
_AES_ID = 0x9901
_STRENGTHS = {1: 16, 2: 24, 3: 32}
_ROUNDS, _CHECK_BYTES, _MAC_BYTES, _CIPHER_BYTES = 1000, 2, 10, 16


def aes_blocks(file: BinaryIO, info: zipfile.ZipInfo, password: bytes) -> Iterator[bytes]:
    """Yield the bytes of a member; raises WrongPassword, or MemberDamaged at its end."""
    key_bytes, method = _properties(info)
    file.seek(info.header_offset)
    head = file.read(_LOCAL_HEADER.size)
    if len(head) < _LOCAL_HEADER.size:
        raise MemberDamaged("no header")
    file.seek(sum(_LOCAL_HEADER.unpack(head)), os.SEEK_CUR)
    salt, check = file.read(key_bytes // 2), file.read(_CHECK_BYTES)
    keys = pbkdf2_hmac("sha1", password, salt, _ROUNDS, 2 * key_bytes + _CHECK_BYTES)
    if not hmac.compare_digest(keys[2 * key_bytes :], check):
        raise WrongPassword("AES in a zip")
    left = info.compress_size - len(salt) - _CHECK_BYTES - _MAC_BYTES
    mac = hmac.new(keys[key_bytes : 2 * key_bytes], digestmod="sha1")
    yield from _unpacked(_decrypted(file, left, keys[:key_bytes], mac), method)
    if not hmac.compare_digest(mac.digest()[:_MAC_BYTES], file.read(_MAC_BYTES)):
        raise MemberDamaged("the authentication code is another")


def _properties(info: zipfile.ZipInfo) -> tuple[int, int]:
    """Return the length of the key, and the method of compression."""
    extra = info.extra
    while len(extra) >= _EXTRA_HEADER.size:
        kind, size = _EXTRA_HEADER.unpack_from(extra)
        if kind == _AES_ID and size >= _AES.size and len(extra) >= _EXTRA_HEADER.size + _AES.size:
            _version, _vendor, strength, method = _AES.unpack_from(extra, _EXTRA_HEADER.size)
            if strength in _STRENGTHS:
                return _STRENGTHS[strength], method
        extra = extra[_EXTRA_HEADER.size + size :]
    raise MemberDamaged("no properties of AES")


def _decrypted(file: BinaryIO, left: int, key: bytes, mac: "hmac.HMAC") -> Iterator[bytes]:
    """Yield the compressed bytes. The counter begins with its lowest byte, unlike that of the
    library, so its values are encrypted one by one."""
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 (of counters)
    counter = 1
    while left > 0:
        block = file.read(min(left, BLOCK_BYTES))
        if not block:
            raise MemberDamaged(f"{left} bytes are missing")
        left -= len(block)
        mac.update(block)
        count = -(-len(block) // _CIPHER_BYTES)
        values = b"".join(
            number.to_bytes(_CIPHER_BYTES, "little") for number in range(counter, counter + count)
        )
        counter += count
        mask = int.from_bytes(cipher.update(values)[: len(block)], "little")
        yield (int.from_bytes(block, "little") ^ mask).to_bytes(len(block), "little")


def _unpacked(packed: Iterator[bytes], method: int) -> Iterator[bytes]:
    if method == zipfile.ZIP_STORED:
        yield from packed
        return
    if method == zipfile.ZIP_DEFLATED:
        inflated = zlib.decompressobj(-zlib.MAX_WBITS)
        for block in packed:
            data = block
            while data:
                yield inflated.decompress(data, BLOCK_BYTES)
                data = inflated.unconsumed_tail
        return
    if method == zipfile.ZIP_BZIP2:
        decompressor = bz2.BZ2Decompressor()
        for block in packed:
            if not decompressor.eof:
                yield decompressor.decompress(block)
        return
    raise MemberDamaged(f"method {method} of compression")
