"""A scripted OpenID Connect provider over real HTTP, whose responses a test can forge."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CLIENT_ID, CLIENT_SECRET = "ragapp-client", "a secret of the client, long enough for HS256"


def public_jwk(key: Any, kid: str, **members: Any) -> dict[str, Any]:
    """The public half of a key, as the provider publishes it."""
    algorithm = jwt.algorithms.RSAAlgorithm
    if isinstance(key, ec.EllipticCurvePrivateKey):
        algorithm = jwt.algorithms.ECAlgorithm
    return json.loads(algorithm.to_jwk(key.public_key())) | {"kid": kid, **members}


class Issuer:
    """The provider. Its attributes are what it answers; ``asked`` is what it was asked for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.key = rsa.generate_private_key(65537, 2048)
        self.stranger_key = rsa.generate_private_key(65537, 2048)
        self.ec_key = ec.generate_private_key(ec.SECP256R1())
        self.asked: list[str] = []
        self.reset()

    def reset(self) -> None:
        """Be well-behaved again."""
        self.keys = [
            public_jwk(self.key, "current", use="sig", alg="RS256"),
            public_jwk(self.ec_key, "curve", use="sig"),
            public_jwk(self.stranger_key, "for-encryption", use="enc"),
        ]
        self.discovery: dict[str, Any] = {}
        self.claims: dict[str, Any] = {"sub": "zoe-1"}
        self.userinfo: dict[str, Any] = {}
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.userinfo_answer: Callable[[dict[str, Any]], tuple[int, str, bytes]] = as_json
        self.token_answer: Callable[[dict[str, Any]], tuple[int, str, bytes]] = as_json
        self.codes: dict[str, dict[str, str]] = {}

    def signed(self, claims: dict[str, Any], **header: Any) -> str:
        """A token as it should be, but for ``header``."""
        return jwt.encode(claims, self.key, "RS256", headers={"kid": "current", **header})

    def authorize(self, url: str, **claims: Any) -> str:
        """What the person's browser comes back with: the callback URL, path and query."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        self.claims |= claims
        query = {"code": code, "state": asked["state"], "iss": self.url}
        return f"{urlsplit(asked['redirect_uri']).path}?{urlencode(query)}"

    def discovery_document(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "end_session_endpoint": f"{self.url}/logout",
            "authorization_response_iss_parameter_supported": True,
        } | self.discovery

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, str, bytes]:
        """Exchange a code, once, for whoever proves that they are the client who began."""
        asked = self.codes.pop(form.get("code", ""), None)
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if (
            asked is None
            or authorization != f"Basic {basic}"
            or asked.get("code_challenge", challenge) != challenge
            or asked.get("code_challenge_method", "S256") != "S256"
        ):
            return 400, "application/json", b'{"error": "invalid_grant"}'
        claims = self.standard_claims(asked["nonce"]) | self.claims
        answer = {"access_token": "an-access-token", "token_type": "Bearer"}
        token = self.sign({name: value for name, value in claims.items() if value is not None})
        return self.token_answer(answer | ({"id_token": token} if token else {}))

    def standard_claims(self, nonce: str = "") -> dict[str, Any]:
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300}
        return claims | ({"nonce": nonce} if nonce else {})


def as_json(answer: dict[str, Any]) -> tuple[int, str, bytes]:
    return 200, "application/json", json.dumps(answer).encode()


def unsigned(claims: dict[str, Any]) -> str:
    """A token of ``alg`` none."""
    return jwt.encode(claims, None, "none", headers={"kid": "current"})


def by_shared_secret(secret: bytes) -> Callable[[dict[str, Any]], str]:
    """Tokens whose HMAC anybody who knows ``secret`` can make, by hand: PyJWT refuses to."""

    def sign(claims: dict[str, Any]) -> str:
        header = {"alg": "HS256", "typ": "JWT", "kid": "current"}
        parts = [_encode(json.dumps(part).encode()) for part in (header, claims)]
        message = ".".join(parts).encode()
        return f"{message.decode()}.{_encode(hmac.digest(secret, message, 'sha256'))}"

    return sign


def public_pem(key: Any) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def tampered(token: str, **claims: Any) -> str:
    """``token`` with other claims under its old signature."""
    header, payload, signature = token.split(".")
    old = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return f"{header}.{_encode(json.dumps(old | claims).encode())}.{signature}"


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


class _Handler(BaseHTTPRequestHandler):
    issuer: Issuer

    def do_GET(self) -> None:
        self.issuer.asked.append(self.path)
        if self.path == "/.well-known/openid-configuration":
            self._send(*as_json(self.issuer.discovery_document()))
        elif self.path == "/jwks":
            self._send(*as_json({"keys": self.issuer.keys}))
        elif self.path == "/userinfo":
            claims = {"sub": self.issuer.claims.get("sub")} | self.issuer.userinfo
            self._send(*self.issuer.userinfo_answer(claims))
        else:
            self._send(404, "text/plain", b"")

    def do_POST(self) -> None:
        self.issuer.asked.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self._send(*self.issuer.token(form, self.headers.get("Authorization", "")))

    def _send(self, status: int, media_type: str, body: bytes) -> None:
        self.send_response(status)
        if status == 302:
            self.send_header("Location", body.decode())
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None: ...


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    """An issuer on a loopback port."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.issuer = Issuer(f"http://127.0.0.1:{server.server_address[1]}")
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield handler.issuer
    finally:
        server.shutdown()
        server.server_close()
