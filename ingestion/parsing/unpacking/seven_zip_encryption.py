"""AES in 7z archives (7zAES of the LZMA SDK): the key is that of SHA-256, repeated."""

import hashlib
from collections.abc import Callable
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ingestion.errors import CorruptDocument, UnsafeDocument

METHOD = bytes.fromhex("06f10701")
# The key itself instead of a number of rounds.
_NO_ROUNDS = 0x3F
# 7-Zip takes 19; each more doubles the time.
_MAX_POWER = 22
_KEY_BYTES, _IV_BYTES = 32, 16
_ROUNDS_AT_ONCE = 1 << 12


def decryptor(properties: bytes, password: str) -> Callable[[bytes], bytes]:
    """Return what decrypts the next bytes; raises CorruptDocument or UnsafeDocument."""
    try:
        first = properties[0]
        second = properties[1] if first & 0xC0 else 0
    except IndexError as error:
        raise CorruptDocument("a folder of the 7z archive has no properties") from error
    salt_bytes = (first >> 7) + (second >> 4)
    iv_bytes = (first >> 6 & 1) + (second & 0xF)
    salt = properties[2 : 2 + salt_bytes]
    iv = properties[2 + salt_bytes : 2 + salt_bytes + iv_bytes].ljust(_IV_BYTES, b"\0")
    key = _key(password, salt, first & 0x3F)
    return Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor().update


@lru_cache(maxsize=8)
def _key(password: str, salt: bytes, power: int) -> bytes:
    secret = salt + password.encode("utf-16-le")
    if power == _NO_ROUNDS:
        return secret[:_KEY_BYTES].ljust(_KEY_BYTES, b"\0")
    if power > _MAX_POWER:
        raise UnsafeDocument(f"2 ** {power} rounds for the key of a 7z archive")
    digest = hashlib.sha256()
    for start in range(0, 1 << power, _ROUNDS_AT_ONCE):
        end = min(start + _ROUNDS_AT_ONCE, 1 << power)
        digest.update(b"".join(secret + n.to_bytes(8, "little") for n in range(start, end)))
    return digest.digest()
