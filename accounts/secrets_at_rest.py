"""Secrets that must be read back, kept encrypted: a copy of the database alone gives nothing away.

The key is derived from ``SECRET_KEY``; whoever changes it keeps the former one in
``SECRET_KEY_FALLBACKS`` until every secret has been made anew.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_PURPOSE = b"ragapp: secrets at rest"


def encrypt(text: str) -> str:
    """Return ``text`` encrypted and authenticated, in ASCII."""
    return _keys().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Return what ``encrypt`` was given. Raises ImproperlyConfigured when the key is another."""
    try:
        return _keys().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise ImproperlyConfigured(
            "A secret cannot be read: put the former SECRET_KEY into SECRET_KEY_FALLBACKS."
        ) from error


def _keys() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(secret)) for secret in secrets])


def _derived(secret: str) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
    return base64.urlsafe_b64encode(kdf.derive(secret.encode()))
