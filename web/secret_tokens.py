"""Secret tokens of API keys and invitations.

A token is 256 random bits, so one SHA-256 protects its stored digest as well as a slow hash would.
"""

import hashlib
import secrets


def new_token() -> str:
    """Return a new token, in URL-safe characters."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """Return what is stored of a token: its SHA-256, in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()
