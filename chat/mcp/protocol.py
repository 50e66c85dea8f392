"""Messages of the Model Context Protocol over streamable HTTP: read, checked, written.

https://modelcontextprotocol.io/specification. Up to revision 2025-11-25 a client begins with
``initialize`` and names the revision in a header. From 2026-07-28 on, each request has all that its
answer needs: the revision and the abilities of the client in ``_meta``, and headers that repeat the
method and the name of the tool, which must match.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

# A client begins with ``initialize``.
HANDSHAKE_REVISIONS = ("2025-03-26", "2025-06-18", "2025-11-25")
STATELESS_REVISIONS = ("2026-07-28",)
# Of a request without the header.
_ASSUMED_REVISION = "2025-03-26"

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
HEADER_MISMATCH = -32020
UNSUPPORTED_REVISION = -32022

_META = "io.modelcontextprotocol/"
_REVISION_KEY = f"{_META}protocolVersion"
_REQUIRED_META = (_REVISION_KEY, f"{_META}clientCapabilities")
_SERVER_INFO_KEY = f"{_META}serverInfo"
_BASE64 = re.compile(r"=\?base64\?(.*)\?=")

RequestId = str | int


class ProtocolError(Exception):
    """A message that cannot be answered: HTTP status, JSON-RPC code, sentence, more data."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        status: int = 400,
        request_id: RequestId | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status
        self.request_id, self.data = request_id, data

    def as_message(self) -> dict[str, Any]:
        """Return the JSON-RPC error."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        return {"jsonrpc": "2.0", "id": self.request_id, "error": error}


@dataclass(frozen=True, slots=True, kw_only=True)
class McpRequest:
    """A request of a client, in the revision of the protocol that it speaks."""

    id: RequestId
    method: str
    params: Mapping[str, Any]
    revision: str

    @property
    def is_stateless(self) -> bool:
        """Whether its revision has no handshake."""
        return self.revision in STATELESS_REVISIONS

    @property
    def progress_token(self) -> str | int | None:
        """The token of the notifications of progress, None if the client wants none."""
        meta = self.params.get("_meta")
        token = meta.get("progressToken") if isinstance(meta, Mapping) else None
        return token if isinstance(token, str | int) else None

    def answer(
        self,
        result: Mapping[str, Any],
        *,
        server: Mapping[str, Any],
        cached_ms: int | None = None,
    ) -> dict[str, Any]:
        """Return the message with the result; ``cached_ms``: how long the client may keep it."""
        more: dict[str, Any] = {}
        if self.is_stateless:
            more = {"resultType": "complete", "_meta": {_SERVER_INFO_KEY: server}}
            if cached_ms is not None:
                more |= {"ttlMs": cached_ms, "cacheScope": "private"}
        return {"jsonrpc": "2.0", "id": self.id, "result": {**result, **more}}

    def progress(self, amount: int) -> dict[str, Any]:
        """Return a notification of progress; ``amount`` must grow."""
        params = {"progressToken": self.progress_token, "progress": amount}
        return {"jsonrpc": "2.0", "method": "notifications/progress", "params": params}

    def error(
        self, code: int, message: str, *, data: Mapping[str, Any] | None = None
    ) -> ProtocolError:
        """Return an error that answers the request, with the status of its revision."""
        status = 200
        if self.is_stateless:
            status = 404 if code == METHOD_NOT_FOUND else 400
        return ProtocolError(code, message, status=status, request_id=self.id, data=data)


def read_message(body: bytes, headers: Mapping[str, str]) -> McpRequest | None:
    """Return the request in a body, None for a notification; raises ProtocolError."""
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ProtocolError(PARSE_ERROR, "The body is not JSON in UTF-8.") from error
    revision = headers.get("mcp-protocol-version", _ASSUMED_REVISION)
    is_request = isinstance(message, dict) and message.get("jsonrpc") == "2.0"
    if not is_request or not isinstance(message.get("method"), str):
        raise ProtocolError(INVALID_REQUEST, "The body must be one JSON-RPC 2.0 message.")
    if "id" not in message:
        if revision not in (*HANDSHAKE_REVISIONS, *STATELESS_REVISIONS):
            raise _unsupported(revision, None)
        return None
    request_id, params = message["id"], message.get("params", {})
    if not isinstance(request_id, str | int) or isinstance(request_id, bool):
        raise ProtocolError(INVALID_REQUEST, "The id of a request is a string or a number.")
    if not isinstance(params, dict):
        raise ProtocolError(INVALID_PARAMS, "params must be an object.", request_id=request_id)
    request = McpRequest(id=request_id, method=message["method"], params=params, revision=revision)
    # The first request of a handshake says in its parameters which revision the client speaks.
    if revision not in HANDSHAKE_REVISIONS and request.method != "initialize":
        _check_stateless(request, headers)
    return request


def negotiated(requested: object) -> str:
    """Return the revision for a client that begins with ``initialize``: its own, or the last."""
    return next((one for one in HANDSHAKE_REVISIONS if one == requested), HANDSHAKE_REVISIONS[-1])


def _check_stateless(request: McpRequest, headers: Mapping[str, str]) -> None:
    """Check what the headers and ``_meta`` of a request say; raises ProtocolError."""
    meta = request.params.get("_meta")
    if not isinstance(meta, dict) or any(key not in meta for key in _REQUIRED_META):
        if request.revision not in STATELESS_REVISIONS:
            raise _unsupported(request.revision, request.id)
        told = f"params._meta must have {' and '.join(_REQUIRED_META)}."
        raise request.error(INVALID_PARAMS, told)
    repeated = {
        "mcp-protocol-version": meta[_REVISION_KEY],
        "mcp-method": request.method,
    }
    if request.method == "tools/call":
        repeated["mcp-name"] = request.params.get("name")
    for name, value in repeated.items():
        if _decoded(headers.get(name, "")) != value:
            told = f"The header {name} does not match the request."
            raise ProtocolError(HEADER_MISMATCH, told, request_id=request.id)
    if request.revision not in STATELESS_REVISIONS:
        raise _unsupported(request.revision, request.id)


def _unsupported(revision: str, request_id: RequestId | None) -> ProtocolError:
    data = {"supported": list(STATELESS_REVISIONS), "requested": revision}
    told = "This revision of the protocol is not supported."
    return ProtocolError(UNSUPPORTED_REVISION, told, request_id=request_id, data=data)


def _decoded(value: str) -> str | None:
    """Return the value of a header that may be in base64; None for one that is wrong."""
    encoded = _BASE64.fullmatch(value)
    if encoded is None:
        return value
    try:
        return base64.b64decode(encoded[1], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
