"""HTTP exchanges with a model server, written once for threads and for the event loop.

An exchange is a generator that yields a `Call` or a `Pause` and receives the `Answer` to a call. It
decides what is sent, how the answer is read and when to retry. `perform` runs it with blocking I/O,
`aperform` on the event loop.
"""

import asyncio
import os
import random
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

import httpx
import orjson
from aiohttp import ConnectionTimeoutError

from inference.errors import (
    BackendOverloaded,
    BackendTimeout,
    BackendUnavailable,
    InferenceError,
    ProtocolError,
)
from inference.llm.connections import LOOPBACK, REQUEST_FAILED, shared_client
from inference.llm.failures import error_from_response

FIRST_PAUSE_S = 0.25
CONNECT_TIMEOUT_S = 5.0

_clients: dict[int, httpx.Client] = {}


@dataclass(frozen=True, slots=True)
class Call:
    """A POST of JSON."""

    url: str
    api_key: str
    payload: Mapping[str, Any]
    timeout_s: float
    headers: Mapping[str, str] = field(default_factory=dict)

    def request(self) -> dict[str, Any]:
        """The arguments of httpx's `post`."""
        headers = {"content-type": "application/json", **self.headers}
        if self.api_key:
            headers["authorization"] = f"Bearer {self.api_key}"
        return {
            "url": self.url,
            "content": orjson.dumps(self.payload),
            "headers": headers,
            "timeout": httpx.Timeout(self.timeout_s, connect=CONNECT_TIMEOUT_S),
        }


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause before the exchange continues."""

    seconds: float


Answer = httpx.Response | Exception
Result = TypeVar("Result")
Exchange = Generator[Call | Pause, Answer, Result]


def call_with_retries(call: Call, *, max_wait_s: float) -> Exchange[Any]:
    """Make a call and return the JSON of the answer. Raises InferenceError.

    If the server is full, failing or unavailable, the call is retried until the pauses would exceed
    `max_wait_s` in total. A pause is the server's Retry-After, or doubles each time; jitter keeps
    workers from retrying all at once. A timeout is not retried: the work may still be queued.
    """
    waited_s, pause_s = 0.0, FIRST_PAUSE_S
    while True:
        try:
            return _read(call, (yield call))
        except (BackendUnavailable, BackendOverloaded) as error:
            advice_s = error.retry_after_s if isinstance(error, BackendOverloaded) else None
            wait_s = (advice_s or pause_s) * random.uniform(1.0, 1.5)  # noqa: S311 (jitter)
            if isinstance(error, BackendTimeout) or waited_s + wait_s > max_wait_s:
                raise
        yield Pause(wait_s)
        waited_s += wait_s
        pause_s *= 2


def perform(exchange: Exchange[Result]) -> Result:
    """Run an exchange in this thread, with the connections of this process."""
    answer: Answer | None = None
    while True:
        try:
            step = next(exchange) if answer is None else exchange.send(answer)
        except StopIteration as end:
            result: Result = end.value
            return result
        answer = None
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            continue
        try:
            answer = _process_client().post(**step.request())
        except REQUEST_FAILED as error:
            answer = error


async def aperform(exchange: Exchange[Result]) -> Result:
    """Run an exchange on the event loop, with the loop's shared connections."""
    answer: Answer | None = None
    while True:
        try:
            step = next(exchange) if answer is None else exchange.send(answer)
        except StopIteration as end:
            result: Result = end.value
            return result
        answer = None
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
            continue
        try:
            answer = await shared_client().post(**step.request())
        except REQUEST_FAILED as error:
            answer = error


def read_processor_seconds(answer: Any) -> float | None:
    """Return the processor time that our model server reports; None for other servers."""
    usage = answer.get("usage") if isinstance(answer, dict) else None
    seconds = usage.get("processor_seconds") if isinstance(usage, dict) else None
    return float(seconds) if isinstance(seconds, int | float) and seconds >= 0 else None


def _read(call: Call, answer: Answer) -> Any:
    """Return the JSON of a successful answer; raises InferenceError for others."""
    if isinstance(answer, Exception):
        raise _request_error(call, answer) from answer
    if answer.status_code != HTTPStatus.OK:
        raise error_from_response(answer.status_code, answer.headers, answer.content)
    try:
        return orjson.loads(answer.content)
    except orjson.JSONDecodeError as error:
        raise ProtocolError(f"{call.url} answered something else than JSON") from error


def _request_error(call: Call, error: Exception) -> InferenceError:
    message = f"{call.url}: {type(error).__name__} {error}"
    if isinstance(error, httpx.DecodingError):
        return ProtocolError(message)
    is_refused = isinstance(error, httpx.ConnectTimeout) or isinstance(
        error.__cause__, ConnectionTimeoutError
    )
    if isinstance(error, httpx.TimeoutException) and not is_refused:
        return BackendTimeout(message)
    return BackendUnavailable(message)


def _process_client() -> httpx.Client:
    """Return this process's client; after a fork it is a new one, as sockets must not be shared."""
    client = _clients.get(os.getpid())
    if client is None:
        client = httpx.Client(mounts=dict.fromkeys(LOOPBACK))
        _clients[os.getpid()] = client
    return client
