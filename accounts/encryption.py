"""Secrets that must be read back, kept encrypted: a copy of the database alone gives nothing away.

The key is derived from ``SECRET_KEY``; whoever changes it keeps the former one in
``SECRET_KEY_FALLBACKS`` until ``./manage rotatesecrets`` has written every secret anew. What is
encrypted where: docs/security.md.
"""

import base64
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.sessions.serializers import JSONSerializer
from django.core.exceptions import ImproperlyConfigured

_PURPOSE = b"ragapp: secrets at rest"
_UNREADABLE = "A secret cannot be read: put the former SECRET_KEY into SECRET_KEY_FALLBACKS."


def encrypt(text: str) -> str:
    """Return ``text`` encrypted and authenticated, in ASCII."""
    return _keys().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Return what ``encrypt`` was given. Raises ImproperlyConfigured when the key is another."""
    try:
        return _keys().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise ImproperlyConfigured(_UNREADABLE) from error


def encrypted_anew(token: str) -> str:
    """Return the same secret under the present key. Raises ImproperlyConfigured as ``decrypt``."""
    try:
        return _keys().rotate(token.encode()).decode()
    except InvalidToken as error:
        raise ImproperlyConfigured(_UNREADABLE) from error


class EncryptedSerializer:
    """Sessions (``SESSION_SERIALIZER``): a login under way leaves a nonce, seeds and tokens there.

    Django only signs them. A session that cannot be read is an empty one.
    """

    def dumps(self, session: Any) -> bytes:
        return _keys().encrypt(JSONSerializer().dumps(session))

    def loads(self, data: bytes) -> Any:
        return JSONSerializer().loads(_keys().decrypt(data))


def _keys() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(secret)) for secret in secrets])


def _derived(secret: str) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
    return base64.urlsafe_b64encode(kdf.derive(secret.encode()))
