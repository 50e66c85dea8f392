"""Encryption of stored secrets, so that a copy of the database alone does not reveal them.

The key is derived from ``SECRET_KEY``. After a change of it, the former key stays in
``SECRET_KEY_FALLBACKS`` until ``./manage rotatesecrets`` has encrypted all secrets again. For the
list of secrets see docs/security.md.
"""

import base64
from functools import lru_cache
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
    """Decrypt the result of ``encrypt``. Raises ImproperlyConfigured if no key fits."""
    try:
        return _keys().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise ImproperlyConfigured(_UNREADABLE) from error


def encrypt_again(token: str) -> str:
    """Encrypt a secret again with the present key. Raises ImproperlyConfigured as ``decrypt``."""
    try:
        return _keys().rotate(token.encode()).decode()
    except InvalidToken as error:
        raise ImproperlyConfigured(_UNREADABLE) from error


class EncryptedSerializer:
    """Encrypts sessions (``SESSION_SERIALIZER``), which during a login contain seeds and tokens.

    Django would only sign them. A session that cannot be decrypted is empty.
    """

    def dumps(self, session: Any) -> bytes:
        return _keys().encrypt(JSONSerializer().dumps(session))

    def loads(self, data: bytes) -> Any:
        return JSONSerializer().loads(_keys().decrypt(data))


def _keys() -> MultiFernet:
    return _keys_of(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=1)
def _keys_of(*secrets: str) -> MultiFernet:
    return MultiFernet([Fernet(_derived(secret)) for secret in secrets])


def _derived(secret: str) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
    return base64.urlsafe_b64encode(kdf.derive(secret.encode()))
