"""Messages of the Model Context Protocol that are wrong, and the errors that the protocol has."""

import json
from typing import Any

import pytest

from chat.mcp.protocol import McpRequest, ProtocolError, negotiated, read_message

META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}
LATEST = {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "ask"}


def message(**changes: Any) -> bytes:
    params = {"name": "ask", "_meta": META}
    return json.dumps(
        {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params} | changes
    ).encode()


def error_of(body: bytes, headers: dict[str, str]) -> tuple[int, int, Any]:
    with pytest.raises(ProtocolError) as raised:
        read_message(body, headers)
    error = raised.value
    assert error.as_message()["error"]["message"] == error.message
    return error.code, error.status, error.request_id


@pytest.mark.parametrize(
    ("body", "code", "request_id"),
    [
        (b"{", -32700, None),
        (b'"\\ud800"', -32700, None),
        (b"[" * 5000, -32700, None),
        (b"[]", -32600, None),
        (b'{"id": 1, "method": "ping"}', -32600, None),
        (b'{"jsonrpc": "2.0", "id": 1, "result": {}}', -32600, None),
        (b'{"jsonrpc": "2.0", "id": null, "method": "ping"}', -32600, None),
        (b'{"jsonrpc": "2.0", "id": true, "method": "ping"}', -32600, None),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []}', -32602, 1),
    ],
)
def test_body_that_is_no_message_is_an_error(
    body: bytes, code: int, request_id: int | None
) -> None:
    assert error_of(body, {}) == (code, 400, request_id)


@pytest.mark.parametrize(
    ("changes", "headers", "code"),
    [
        ({"params": {"name": "ask"}}, {}, -32602),
        ({}, {"mcp-method": "ping"}, -32020),
        ({}, {"mcp-name": "search"}, -32020),
        ({}, {"mcp-name": "=?base64?YXNrIA==?="}, -32020),
        ({}, {"mcp-name": "=?base64?#?="}, -32020),
        ({}, {"mcp-protocol-version": "2099-01-01"}, -32020),
        ({"params": {"name": "ask"}}, {"mcp-protocol-version": "2099-01-01"}, -32022),
    ],
    ids=["no meta", "method", "name", "encoded name", "no base64", "two revisions", "unknown"],
)
def test_headers_of_a_request_must_match_it(
    changes: dict[str, Any], headers: dict[str, str], code: int
) -> None:
    assert error_of(message(**changes), LATEST | headers) == (code, 400, 7)


def test_name_of_a_tool_may_be_encoded_in_its_header() -> None:
    request = read_message(message(), LATEST | {"mcp-name": "=?base64?YXNr?="})
    assert isinstance(request, McpRequest)
    assert request.is_stateless


def test_notification_has_no_answer() -> None:
    told = b'{"jsonrpc": "2.0", "method": "notifications/initialized"}'
    assert read_message(told, {"mcp-protocol-version": "2025-11-25"}) is None


def test_revision_of_a_handshake_is_that_of_the_client_if_it_is_known() -> None:
    assert negotiated("2025-06-18") == "2025-06-18"
    assert negotiated("2024-11-05") == negotiated(None) == "2025-11-25"


@pytest.mark.parametrize(("revision", "status"), [("2025-11-25", 200), ("2026-07-28", 404)])
def test_status_of_an_unknown_method_is_that_of_the_revision(revision: str, status: int) -> None:
    request = McpRequest(id=1, method="x", params={}, revision=revision)
    assert request.error(-32601, "There is no method x.").status == status
