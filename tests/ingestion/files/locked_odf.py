"""OpenDocument files with a password, for the tests."""

import hashlib
import random
import zipfile
import zlib
from base64 import b64encode
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.ingestion.files.locked_files import PASSWORD
from tests.ingestion.package_writer import write_odf, write_zip

TEXT = "Le bureau ouvre à neuf heures."
_TYPE = "application/vnd.oasis.opendocument.text"
_SALT, _VECTOR = random.Random(1).randbytes(16), random.Random(2).randbytes(16)
_SHA256 = "http://www.w3.org/2000/09/xmldsig#sha256"
_URN = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"


def locked_odt(path: Path, password: str = PASSWORD) -> Path:
    """Each part by AES-256-CBC, as OpenDocument 1.2 has it."""
    with zipfile.ZipFile(write_odf(path, "text", f"<text:p>{TEXT}</text:p>")) as archive:
        content = archive.read("content.xml")
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = packer.compress(content) + packer.flush()
    started = hashlib.sha256(password.encode()).digest()
    key = hashlib.pbkdf2_hmac("sha1", started, _SALT, 1000, 32)
    n_padding = 16 - len(packed) % 16
    padded = packed + bytes(n_padding - 1) + bytes([n_padding])
    encrypted = Cipher(algorithms.AES(key), modes.CBC(_VECTOR)).encryptor().update(padded)
    derivation = 'manifest:key-derivation-name="PBKDF2" manifest:iteration-count="1000"'
    checksum = _base64(hashlib.sha256(packed[:1024]).digest())
    manifest = _manifest(
        "content.xml", "http://www.w3.org/2001/04/xmlenc#aes256-cbc", _VECTOR, derivation,
        f'manifest:checksum-type="{_URN.replace("manifest:1.0", "")}#sha256-1k" '
        f'manifest:checksum="{checksum}"',
    )  # fmt: skip
    parts = {"mimetype": _TYPE, "content.xml": encrypted, "META-INF/manifest.xml": manifest}
    return write_zip(path, parts)


def _manifest(part: str, method: str, vector: bytes, derivation: str, checksum: str = "") -> str:
    return (
        f'<manifest:manifest xmlns:manifest="{_URN}"><manifest:file-entry '
        f'manifest:full-path="/" manifest:media-type="{_TYPE}"/><manifest:file-entry '
        f'manifest:full-path="{part}" manifest:size="1"><manifest:encryption-data {checksum}>'
        f'<manifest:algorithm manifest:algorithm-name="{method}" '
        f'manifest:initialisation-vector="{_base64(vector)}"/>'
        f'<manifest:start-key-generation manifest:start-key-generation-name="{_SHA256}"/>'
        f'<manifest:key-derivation {derivation} manifest:key-size="32" '
        f'manifest:salt="{_base64(_SALT)}"/></manifest:encryption-data></manifest:file-entry>'
        "</manifest:manifest>"
    )


def _base64(data: bytes) -> str:
    return b64encode(data).decode()
