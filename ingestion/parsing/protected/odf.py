"""OpenDocument packages without their password (OpenDocument 1.3, part 2, section 3.4).

Each part is compressed, then encrypted by AES-CBC with a key of its own. Told to be of another
method: Blowfish (old files), and the package that LibreOffice encrypts whole since 24.2, with a key
of Argon2id, which fails in the confined child.
"""

import binascii
import hmac
import io
import os
import zipfile
import zlib
from hashlib import new as new_hash
from hashlib import pbkdf2_hmac
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from lxml import etree

from ingestion.errors import CorruptDocument, EncryptedDocument, UnsafeDocument, WrongPassword
from ingestion.parsing.archive import MAX_RATIO, RATIO_FREE_BYTES, Archive

MANIFEST = "META-INF/manifest.xml"
_CHECKED_BYTES, _BLOCK_BYTES = 1024, 16


def without_password(file: BinaryIO, password: str) -> bytes | None:
    """Return the package without its password, None if it has none.

    Raises EncryptedDocument if none is given or the method is not known, WrongPassword,
    CorruptDocument if a part is damaged, UnsafeDocument if it unpacks to too much.
    """
    budget = max(RATIO_FREE_BYTES, MAX_RATIO * file.seek(0, os.SEEK_END))
    with Archive(file, max_unpacked_bytes=budget) as archive:
        manifest = archive.find_xml(MANIFEST)
        if manifest is None or not (entries := _encrypted_entries(manifest)):
            return None
        if not password:
            raise EncryptedDocument("OpenDocument with a password")
        return _repacked(archive, manifest, entries, password, budget)


def _encrypted_entries(manifest: etree._Element) -> dict[str, etree._Element]:
    """Return what the manifest tells of the encryption of each part, by its name."""
    found = {}
    for entry in manifest.iter("{*}file-entry"):
        encryption = entry.find("{*}encryption-data")
        if encryption is not None:
            found[_value(entry, "full-path")] = encryption
    return found


def _repacked(
    archive: Archive,
    manifest: etree._Element,
    entries: dict[str, etree._Element],
    password: str,
    budget: int,
) -> bytes:
    copy, left = io.BytesIO(), budget
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as target:
        for name in archive.names():
            if name == MANIFEST or name.endswith("/"):
                continue
            data = archive.read(name)
            if name in entries:
                data = _decrypted(data, entries[name], password, left)
                left -= len(data)
            kind = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            target.writestr(name, data, compress_type=kind)
        for encryption in entries.values():
            encryption.getparent().remove(encryption)
        target.writestr(MANIFEST, etree.tostring(manifest))
    return copy.getvalue()


def _decrypted(data: bytes, encryption: etree._Element, password: str, max_bytes: int) -> bytes:
    """Return the bytes of a part, of which there may be `max_bytes`."""
    algorithm = encryption.find("{*}algorithm")
    derivation = encryption.find("{*}key-derivation")
    if algorithm is None or derivation is None:
        raise CorruptDocument("the manifest does not tell how a part is encrypted")
    method = _value(algorithm, "algorithm-name").rpartition("#")[2]
    try:
        vector = _bytes(algorithm, "initialisation-vector")
        key = _key(encryption, derivation, password)
        if method in ("aes256-cbc", "aes192-cbc", "aes128-cbc"):
            packed = _of_cbc(data, key, vector)
            _check(packed, encryption)
            return _inflated(packed, max_bytes)
    except ValueError as error:
        raise CorruptDocument(f"the encryption of a part: {error}") from error
    raise EncryptedDocument("by a method that is not known")


def _key(encryption: etree._Element, derivation: etree._Element, password: str) -> bytes:
    start = encryption.find("{*}start-key-generation")
    is_sha256 = start is not None and "sha256" in _value(start, "start-key-generation-name")
    started = new_hash("sha256" if is_sha256 else "sha1", password.encode()).digest()
    salt = _bytes(derivation, "salt")
    length = int(_value(derivation, "key-size") or 16)
    if length not in (16, 24, 32):
        raise ValueError(f"key of {length} bytes")
    name = _value(derivation, "key-derivation-name")
    if name.endswith("PBKDF2"):
        rounds = int(_value(derivation, "iteration-count"))
        return pbkdf2_hmac("sha1", started, salt, rounds, length)
    raise EncryptedDocument("by a key of a method that is not known")


def _of_cbc(data: bytes, key: bytes, vector: bytes) -> bytes:
    cipher = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    padded = cipher.update(data) + cipher.finalize()
    # XML Encryption, 5.2: the last byte is the length of the padding.
    n_padding = padded[-1] if padded else 0
    if not 1 <= n_padding <= _BLOCK_BYTES:
        raise WrongPassword("OpenDocument")
    return padded[:-n_padding]


def _check(packed: bytes, encryption: etree._Element) -> None:
    """Raise WrongPassword if the checksum of the beginning is another."""
    kind = _value(encryption, "checksum-type").lower()
    checksum = _bytes(encryption, "checksum")
    beginning = packed[:_CHECKED_BYTES] if "1k" in kind else packed
    found = new_hash("sha256" if "sha256" in kind else "sha1", beginning).digest()
    if not hmac.compare_digest(found, checksum):
        raise WrongPassword("OpenDocument")


def _inflated(packed: bytes, max_bytes: int) -> bytes:
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = inflate.decompress(packed, max(1, max_bytes))
    except zlib.error as error:
        raise CorruptDocument(f"an encrypted part is damaged: {error}") from error
    if inflate.unconsumed_tail:
        raise UnsafeDocument("the package unpacks to more than is allowed")
    return data


def _value(element: etree._Element, name: str) -> str:
    """Return an attribute of the manifest's namespace, or of LibreOffice's extensions; "" if it is
    missing."""
    for key, value in element.attrib.items():
        if etree.QName(key).localname == name:
            return str(value)
    return ""


def _bytes(element: etree._Element, name: str) -> bytes:
    try:
        return binascii.a2b_base64(_value(element, name))
    except binascii.Error as error:
        raise ValueError(name) from error
