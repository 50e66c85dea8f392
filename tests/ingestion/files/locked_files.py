"""Files with a password, for the tests."""

import hashlib
import hmac
import io
import random
import struct
import zipfile
import zlib
from hashlib import pbkdf2_hmac
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from msoffcrypto.format.ooxml import OOXMLFile
from pypdf import PdfWriter

from tests.ingestion.files.archive_writer import seven_zip_of
from tests.ingestion.package_writer import paragraph, write_docx
from tests.ingestion.pdf_writer import Page, write_pdf

PASSWORD = "Mot de passe très secret"


def locked_pdf(path: Path, password: str = PASSWORD) -> Path:
    write_pdf(path, [Page().lines(72, 700, "Le bureau ouvre à neuf heures.")])
    writer = PdfWriter(clone_from=path)
    writer.encrypt(password, "owner", algorithm="AES-256")
    writer.write(path)
    return path


def locked_docx(path: Path, password: str = PASSWORD) -> Path:
    # The library does not write small files as it reads them.
    noise = {"f1.bin": random.Random(1).randbytes(9_000)}
    write_docx(path, paragraph("Le bureau ouvre à neuf heures."), files=noise)
    locked = io.BytesIO()
    with path.open("rb") as file:
        OOXMLFile(file).encrypt(password, locked)
    path.write_bytes(locked.getvalue())
    return path


def aes_zip(path: Path, files: dict[str, bytes], password: str = PASSWORD) -> Path:
    """Write a zip whose members AES-256 encrypts, as WinZip and 7-Zip do (AE-2)."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.extra = struct.pack("<HHH2sBH", 0x9901, 7, 2, b"AE", 3, zipfile.ZIP_DEFLATED)
            archive.writestr(info, _aes_member(content, password))
    return _marked(path, {name: len(content) for name, content in files.items()}, method=99)


def _aes_member(content: bytes, password: str) -> bytes:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = deflate.compress(content) + deflate.flush()
    salt = random.Random(1).randbytes(16)
    keys = pbkdf2_hmac("sha1", password.encode(), salt, 1000, 66)
    ecb = Cipher(algorithms.AES(keys[:32]), modes.ECB()).encryptor()  # noqa: S305
    mask = b"".join(
        ecb.update((n + 1).to_bytes(16, "little")) for n in range(len(packed) // 16 + 1)
    )
    encrypted = bytes(a ^ b for a, b in zip(packed, mask, strict=False))
    mac = hmac.new(keys[32:64], encrypted, "sha1").digest()[:10]
    return salt + keys[64:] + encrypted + mac


def aes_seven_zip(path: Path, files: dict[str, bytes], password: str = PASSWORD) -> Path:
    """Write a 7z whose files AES-256 encrypts, without a salt, after 2 ** 10 rounds of the key."""
    digest = hashlib.sha256()
    for number in range(1 << 10):
        digest.update(password.encode("utf-16-le") + number.to_bytes(8, "little"))
    vector = bytes(range(16))
    aes = Cipher(algorithms.AES(digest.digest()), modes.CBC(vector)).encryptor()
    coder = b"\x24\x06\xf1\x07\x01\x12" + bytes([0x40 | 10, 0x0F]) + vector
    return seven_zip_of(path, files, method="copy", coder=coder, packed=aes.update)


def zip_crypto(path: Path, files: dict[str, bytes], password: str = PASSWORD) -> Path:
    """Write a zip whose members ZipCrypto encrypts (APPNOTE 6.1)."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            check = bytes([zlib.crc32(content) >> 24])
            archive.writestr(name, _zip_crypto(bytes(11) + check + content, password.encode()))
    sizes = {name: len(content) for name, content in files.items()}
    sums = {name: zlib.crc32(content) for name, content in files.items()}
    return _marked(path, sizes, sums=sums)


def _zip_crypto(data: bytes, password: bytes) -> bytes:
    keys = [0x12345678, 0x23456789, 0x34567890]

    def crc(byte: int, value: int) -> int:
        return ~zlib.crc32(bytes([byte]), ~value & 0xFFFFFFFF) & 0xFFFFFFFF

    def update(byte: int) -> None:
        keys[0] = crc(byte, keys[0])
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = crc(keys[1] >> 24, keys[2])

    for byte in password:
        update(byte)
    written = bytearray()
    for byte in data:
        temp = (keys[2] | 2) & 0xFFFF
        written.append(byte ^ ((temp * (temp ^ 1)) >> 8 & 0xFF))
        update(byte)
    return bytes(written)


def _marked(
    path: Path, sizes: dict[str, int], *, method: int = 0, sums: dict[str, int] | None = None
) -> Path:
    """Say in both headers of each member that it is encrypted, and its true size."""
    data = bytearray(path.read_bytes())
    for start, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        position = 0
        while (position := data.find(start, position)) >= 0:
            (name_length,) = struct.unpack_from("<H", data, position + at + 20)
            begin = position + (30 if at == 6 else 46)
            name = data[begin : begin + name_length].decode()
            struct.pack_into("<HH", data, position + at, 1, method)
            struct.pack_into("<L", data, position + at + 8, (sums or {}).get(name, 0))
            struct.pack_into("<L", data, position + at + 16, sizes[name])
            position += 4
    path.write_bytes(data)
    return path
