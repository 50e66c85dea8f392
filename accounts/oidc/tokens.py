"""Verify signed tokens of a provider; unsigned ones and shared secrets are rejected.

OpenID Connect Core 1.0, 3.1.3.7 and 5.3.2; RFC 8725 (best practices of JWT).
"""

import base64
import hashlib
import hmac
import time
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from accounts.oidc.configuration import Configuration, keys_of
from accounts.oidc.errors import AnswerRefused

ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
CLOCK_SKEW_S: Final = 180
MAX_AGE_S: Final = 600
MAX_TOKEN_CHARS: Final = 64 << 10
_MIN_RSA_BITS: Final = 2048
_MAX_SUB_CHARS: Final = 255
_TYPES: Final = (None, "JWT")


def verify_id_token(
    token: str, configuration: Configuration, *, client_id: str, nonce: str, access_token: str
) -> dict[str, Any]:
    """Verify an id_token of the login with ``nonce``, and return its claims.

    Raises AnswerRefused or ProviderUnreachable.
    """
    claims = verify(token, configuration, client_id=client_id, required=("exp", "iat", "sub"))
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise AnswerRefused("an id_token for another login")
    audiences = claims["aud"]
    if isinstance(audiences, list) and len(audiences) > 1 and "azp" not in claims:
        raise AnswerRefused("several audiences, and no azp")
    if claims.get("azp", client_id) != client_id:
        raise AnswerRefused(f"issued to {claims['azp']}")
    expected = claims.get("at_hash")
    if expected is not None and expected != _at_hash(token, access_token):
        raise AnswerRefused("at_hash of another access token")
    return claims


def verify(
    token: str, configuration: Configuration, *, client_id: str, required: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Verify signature, issuer, audience and times of a token, and return its claims.

    Raises AnswerRefused or ProviderUnreachable.
    """
    if not isinstance(token, str) or len(token) > MAX_TOKEN_CHARS:
        raise AnswerRefused("no token, or too large")
    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS or header.get("typ") not in _TYPES or "crit" in header:
            raise AnswerRefused(f"header {header}")
        claims: dict[str, Any] = jwt.decode(
            token,
            _key(configuration, header.get("kid"), algorithm),
            algorithms=[algorithm],
            issuer=configuration.issuer,
            audience=client_id,
            leeway=CLOCK_SKEW_S,
            options={"require": ["iss", "aud", *required]},
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise AnswerRefused(f"{type(error).__name__}: {error}") from error
    _check_age(claims)
    sub = claims.get("sub")
    if not isinstance(sub, str) or not sub or len(sub) > _MAX_SUB_CHARS:
        raise AnswerRefused("no usable sub")
    return claims


def _key(configuration: Configuration, key_id: str | None, algorithm: str) -> Any:
    """Return the signing key of the header. Raises AnswerRefused unless exactly one matches."""
    fitting = [
        key
        for key in keys_of(configuration, key_id)
        if (key_id is None or key.get("kid") == key_id)
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and key.get("kty") == _key_type(algorithm)
    ]
    if len(fitting) != 1:
        raise AnswerRefused(f"{len(fitting)} keys for kid {key_id} and {algorithm}")
    # With the header's algorithm, so that type and curve of the key must match it.
    key = jwt.PyJWK(fitting[0], algorithm=algorithm).key
    if isinstance(key, RSAPublicKey) and key.key_size < _MIN_RSA_BITS:
        raise AnswerRefused(f"an RSA key of {key.key_size} bits")
    return key


def _key_type(algorithm: str) -> str:
    return {"R": "RSA", "P": "RSA", "E": "OKP" if algorithm == "EdDSA" else "EC"}[algorithm[0]]


def _check_age(claims: dict[str, Any]) -> None:
    issued = claims.get("iat")
    if issued is None:
        return
    if not isinstance(issued, int | float) or time.time() - issued > MAX_AGE_S + CLOCK_SKEW_S:
        raise AnswerRefused(f"issued at {issued}")


def _at_hash(token: str, access_token: str) -> str:
    """Return the left half of the access token's hash (Core 3.1.3.6)."""
    algorithm = jwt.get_unverified_header(token)["alg"]
    # Ed25519 signs with SHA-512 (RFC 8032).
    bits = "512" if algorithm == "EdDSA" else algorithm[2:]
    digest = hashlib.new(f"sha{bits}", access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
