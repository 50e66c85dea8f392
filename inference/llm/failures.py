"""Converts the errors of servers, in any format, to those of `inference.errors`.

Formats found in the sources of vLLM, llama.cpp, Ollama, OpenGateLLM and aristote-dispatcher:
OpenAI's `{"error": {…}}`, vLLM's `{"object": "error", …}`, Ollama's `{"error": "…"}`, FastAPI's
`{"detail": …}`, a proxy's HTML page; with an HTTP status, or inside a 200.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import orjson

from inference.errors import (
    AuthenticationFailed,
    BackendOverloaded,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    ContextOverflow,
    InferenceError,
    ModelNotFound,
)

MAX_READ_CHARS = 4000
MAX_LOGGED_CHARS = 500

CONTEXT_OVERFLOW = re.compile(
    r"context_length_exceeded|exceed_context_size|maximum context length|maximum model length"
    r"|max_model_len|(exceeds?|longer than|larger than|too long for).{0,40}\bcontext"
    r"|context (window|size|length)( is only|.{0,40}exceed)|prompt is too long",
    re.IGNORECASE,
)
CONTEXT_WINDOW = re.compile(
    r"(?:maximum (?:context|model) length|context (?:window|size|length)|max_model_len)"
    r"[^\d]{0,20}(\d{3,8})",
    re.IGNORECASE,
)
PROMPT_TOKENS = re.compile(
    r"\b(?=(?:\d+ (?:input tokens|in the messages))|(?<=resulted in )|(?<=\(length )"
    r"|(?<=request \()|(?<=prompt contains )|(?<=at least ))(\d{3,9})",
    re.IGNORECASE,
)
NO_SUCH_MODEL = re.compile(
    r"model_not_found|\bmodel\b.{0,120}(not found|does not exist|unknown|not available|not served)"
    r"|(unknown|no such|not host|unsupported).{0,40}\bmodel\b",
    re.IGNORECASE | re.DOTALL,
)
STATUS_BY_WORDS = (
    (re.compile(r"rate.?limit|too many requests|overload|\bbusy\b|capacity|queue", re.I), 429),
    (re.compile(r"api.?key|unauthori[sz]ed|authentication|permission|forbidden", re.I), 401),
    (re.compile(r"time.?out|timed out", re.I), 504),
    (re.compile(r"invalid_request|bad.?request|invalid value|unprocessable", re.I), 400),
)


@dataclass(frozen=True, slots=True)
class ReportedError:
    """The error reported by a server; `status` is that of HTTP, or the one in the body."""

    text: str
    status: int | None = None
    prompt_tokens: int | None = None
    context_window: int | None = None

    @property
    def overflows(self) -> bool:
        """Whether the prompt was too long for the model."""
        return self.context_window is not None or bool(CONTEXT_OVERFLOW.search(self.text))


def error_from_response(status: int, headers: Mapping[str, str], body: bytes) -> InferenceError:
    """Return the error for a response with a status other than 200."""
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        payload = None
    if not isinstance(payload, dict):
        payload = {"error": body[:MAX_LOGGED_CHARS].decode(errors="replace") or "no explanation"}
    reported = find_reported_error(payload, status) or ReportedError(str(payload), status)
    return to_error(reported, retry_after_s=read_retry_after(headers.get("retry-after")))


def find_reported_error(
    payload: Mapping[str, Any], status: int | None = None
) -> ReportedError | None:
    """Return the error in a JSON object, None for an ordinary answer."""
    said = payload.get("error")
    if not said and payload.get("object") == "error":
        said = payload
    if not said and status is not None:
        said = payload.get("detail") or payload.get("message")
    if not said:
        return None
    if not isinstance(said, dict):
        return ReportedError(str(said)[:MAX_READ_CHARS], status)
    while isinstance(said.get("error"), dict):
        said = said["error"]
    words = [str(said[key]) for key in ("type", "code", "message") if said.get(key)]
    return ReportedError(
        (" ".join(words) or str(said))[:MAX_READ_CHARS],
        status or _status_in(said),
        prompt_tokens=_size(said.get("n_prompt_tokens")),
        context_window=_size(said.get("n_ctx")),
    )


def to_error(reported: ReportedError, *, retry_after_s: float | None = None) -> InferenceError:
    """Return the exception for a reported error; an unknown one inside a 200 is transient."""
    status = reported.status or _status_from_words(reported.text)
    message = f"{reported.status or 'in a 200'}: {reported.text[:MAX_LOGGED_CHARS]}"
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE, 529}:
        return BackendOverloaded(message, retry_after_s=retry_after_s)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return AuthenticationFailed(message, status=status)
    if reported.overflows:
        return _context_overflow(reported, message)
    if NO_SUCH_MODEL.search(reported.text):
        return ModelNotFound(message, status=reported.status)
    if status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT}:
        return BackendTimeout(message)
    if status is None or status >= 500 or status == HTTPStatus.FAILED_DEPENDENCY:
        return BackendUnavailable(message)
    return BackendRejected(message, status=status)


def read_retry_after(value: str | None) -> float | None:
    """Return the seconds in a Retry-After header, which holds seconds or a date.

    Source: RFC 9110, section 10.2.3. None when absent or unreadable.
    """
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _context_overflow(reported: ReportedError, message: str) -> ContextOverflow:
    window = CONTEXT_WINDOW.search(reported.text)
    prompt = PROMPT_TOKENS.search(reported.text)
    return ContextOverflow(
        message,
        status=reported.status,
        prompt_tokens=reported.prompt_tokens or (int(prompt[1]) if prompt else None),
        context_window=reported.context_window or (int(window[1]) if window else None),
    )


def _status_in(said: Mapping[str, Any]) -> int | None:
    for key in ("status", "status_code", "code"):
        value = said.get(key)
        if isinstance(value, int | str) and str(value).isdecimal() and 400 <= int(value) <= 599:
            return int(value)
    return None


def _status_from_words(text: str) -> int | None:
    return next((status for words, status in STATUS_BY_WORDS if words.search(text)), None)


def _size(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None
