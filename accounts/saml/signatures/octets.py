"""Verify signatures over octets with RSA PKCS #1 v1.5 or ECDSA, and SHA-2.

Algorithms have their names of RFC 6931; values are as in XML signatures and SAML queries.
"""

import base64
import binascii
from collections.abc import Iterable
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from accounts.saml.errors import ResponseRefused
from accounts.saml.signatures.algorithms import SIGNATURE_METHODS

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

_HASHES: Final = {256: hashes.SHA256(), 384: hashes.SHA384(), 512: hashes.SHA512()}
_MIN_RSA_BITS: Final = 2048
_MIN_EC_BITS: Final = 256


def public_keys(certificates: Iterable[bytes]) -> list[PublicKey]:
    """Return the public keys of DER certificates; weak keys are ignored.

    A pinned or published certificate is trusted regardless of its own dates and signature.
    """
    keys: list[PublicKey] = []
    for certificate in certificates:
        try:
            key = x509.load_der_x509_certificate(certificate).public_key()
        except (ValueError, UnsupportedAlgorithm):
            continue
        if (isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA_BITS) or (
            isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= _MIN_EC_BITS
        ):
            keys.append(key)
    return keys


def is_signed(data: bytes, *, signature: bytes, method: str, keys: Iterable[PublicKey]) -> bool:
    """Return whether ``signature`` over ``data`` was made with one of ``keys`` by ``method``."""
    return method in SIGNATURE_METHODS and any(_made(key, data, signature, method) for key in keys)


def decode_base64(text: str) -> bytes:
    """Decode base64 that may contain white space. Raises ResponseRefused."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ResponseRefused("not base64") from error


def _made(key: PublicKey, data: bytes, signature: bytes, method: str) -> bool:
    family, _dash, bits = method.partition("#")[2].partition("-sha")
    digest = _HASHES[int(bits)]
    try:
        if isinstance(key, rsa.RSAPublicKey) and family == "rsa":
            key.verify(signature, data, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and family == "ecdsa":
            key.verify(_as_der(signature, key), data, ec.ECDSA(digest))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _as_der(signature: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    """Convert r and s, concatenated in XML signatures, to DER; IdPs in Java already send DER."""
    size = (key.key_size + 7) // 8
    if len(signature) != 2 * size:
        return signature
    return encode_dss_signature(
        int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
    )
