"""The service provider's key pairs: files in ``SAML_KEYS_DIR``, two or three during a rollover.

current   signs and decrypts; published
next      decrypts; published, so that IdPs have it before it is used
previous  decrypts, for IdPs that still encrypt to it; no longer published
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.conf import settings

NAMES = ("current", "next", "previous")
PUBLISHED = ("current", "next")
_BITS = 3072
_YEARS = 10


@dataclass(frozen=True)
class KeyPair:
    """A private key and its certificate, PEM files."""

    key: Path
    certificate: Path


def key_pairs(names: tuple[str, ...] = NAMES) -> tuple[KeyPair, ...]:
    """The key pairs that exist, among ``names`` and in their order."""
    pairs = (_pair(name) for name in names)
    return tuple(pair for pair in pairs if pair.key.exists() and pair.certificate.exists())


def generate(name: str) -> KeyPair:
    """Generate an RSA key and a long-lived self-signed certificate; never overwrite one."""
    pair = _pair(name)
    if pair.key.exists():
        raise FileExistsError(pair.key)
    pair.key.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, settings.SITE_NAME[:64])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=365 * _YEARS))
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _write(pair.certificate, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
    _write(pair.key, secret, 0o600)
    return pair


def promote() -> None:
    """Make ``next`` the current pair; the current one becomes the previous one."""
    following, current, previous = _pair("next"), _pair("current"), _pair("previous")
    if not following.key.exists():
        raise FileNotFoundError(following.key)
    for old, new in ((current, previous), (following, current)):
        old.key.replace(new.key)
        old.certificate.replace(new.certificate)


def _pair(name: str) -> KeyPair:
    folder: Path = settings.SAML_KEYS_DIR
    return KeyPair(folder / f"{name}.key", folder / f"{name}.crt")


def _write(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
