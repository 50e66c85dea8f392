"""Describe X.509 certificates for operators: subject, fingerprint, end of validity."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from django.utils import timezone
from lxml import etree

from accounts.saml.errors import ResponseRefused
from accounts.saml.signatures.octets import decode_base64, public_keys
from accounts.saml.xml import DS, MD, parse_message, tag

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_SOON = timedelta(days=30)


@dataclass(frozen=True)
class Certificate:
    """One certificate; ``sha256`` is its fingerprint, as federations publish it.

    ``is_weak``: signatures with its key are refused, or its key is of an unknown kind.
    """

    subject: str
    sha256: str
    not_after: datetime
    is_weak: bool

    @property
    def is_expired(self) -> bool:
        return self.not_after <= timezone.now()

    @property
    def expires_soon(self) -> bool:
        return not self.is_expired and self.not_after <= timezone.now() + _SOON


def pem_certificates(text: str) -> list[str]:
    """Return the PEM certificates in ``text``."""
    return _PEM.findall(text)


def read_pem(text: str) -> list[Certificate]:
    """Describe the PEM certificates in ``text``. Raises ValueError for an unreadable one."""
    return [
        _describe(x509.load_pem_x509_certificate(pem.encode())) for pem in pem_certificates(text)
    ]


def readable_pem(text: str) -> list[Certificate]:
    """Describe those PEM certificates in ``text`` that can be read."""
    found = []
    for pem in pem_certificates(text):
        with suppress(ValueError):
            found += read_pem(pem)
    return found


def read_metadata(xml: str) -> list[Certificate]:
    """Describe the certificates of an entity's IdP keys; what cannot be read is skipped."""
    try:
        entity = parse_message(xml.encode())
    except ResponseRefused:
        return []
    return list(_readable(_published(entity)))


def _published(entity: etree._Element) -> Iterator[bytes]:
    """The distinct certificates in KeyDescriptor elements, DER."""
    seen = set()
    for descriptor in entity.iter(tag(MD, "KeyDescriptor")):
        for element in descriptor.iter(tag(DS, "X509Certificate")):
            try:
                der = decode_base64(element.text or "")
            except ResponseRefused:
                continue
            if der not in seen:
                seen.add(der)
                yield der


def _readable(certificates: Iterable[bytes]) -> Iterator[Certificate]:
    for der in certificates:
        try:
            yield _describe(x509.load_der_x509_certificate(der))
        except ValueError:
            continue


def _describe(certificate: x509.Certificate) -> Certificate:
    fingerprint = certificate.fingerprint(hashes.SHA256())
    return Certificate(
        subject=certificate.subject.rfc4514_string(),
        sha256=fingerprint.hex(":").upper(),
        not_after=certificate.not_valid_after_utc,
        is_weak=not public_keys([certificate.public_bytes(serialization.Encoding.DER)]),
    )
