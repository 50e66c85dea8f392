"""An HTTP client for addresses that users of the site have written.

Only http and https, to the ports and addresses that ``web.outbound.addresses`` allows. Redirects
are followed here, and each hop is checked like the first. No proxies or credentials come from the
environment. Time and size of an answer are limited.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from ssl import SSLContext
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import httpcore
import httpx

from web.outbound.addresses import resolve
from web.outbound.connections import CONNECT_TIMEOUT_S, CheckedBackend, Deadline
from web.outbound.errors import (
    AnswerTooLarge,
    DestinationRefused,
    OutboundError,
    TooManyRedirects,
    TooSlow,
    Unreachable,
)

MAX_REDIRECTS = 5
_IN_MEMORY_BYTES = 1 << 20
_BLOCK_BYTES = 64 << 10
_TIMEOUT = httpx.Timeout(20.0, connect=CONNECT_TIMEOUT_S)
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Only these are repeated at another address: they change nothing there.
_REPEATABLE = ("GET", "HEAD", "PROPFIND", "REPORT")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, read completely; ``url`` is where it came from, after redirects."""

    status: int
    url: str
    headers: httpx.Headers
    content: IO[bytes]
    size_bytes: int

    def read(self) -> bytes:
        """Return the whole body."""
        self.content.seek(0)
        return self.content.read()


@dataclass(frozen=True, slots=True)
class Call:
    """What to ask for; ``private`` headers (passwords) are sent to the first origin only."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    private: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    max_bytes: int = 10 << 20
    seconds: float = 60.0
    # Raises an error where a redirect may not lead.
    check_hop: Callable[[str], None] | None = None


class OutboundClient:
    """Makes requests, one at a time; connections are kept until it is closed."""

    def __init__(self, user_agent: str) -> None:
        self._deadline = Deadline()
        self._client = httpx.Client(
            transport=_CheckedTransport(self._deadline),
            headers={"User-Agent": user_agent, "Accept-Encoding": "gzip"},
            timeout=_TIMEOUT,
            trust_env=False,
            follow_redirects=False,
        )

    def __enter__(self) -> "OutboundClient":
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.close()

    def send(self, call: Call) -> Answer:
        """Make a request and read its answer, whatever its status.

        Raises OutboundError.
        """
        self._deadline.set(call.seconds)
        url, first = checked_url(call.url), origin_of(call.url)
        for _hop in range(MAX_REDIRECTS + 1):
            private = call.private if origin_of(url) == first else {}
            with self._sent(call, url, private) as response:
                target = _target(response) if call.method in _REPEATABLE else None
                if target is None:
                    return _read(response, call.max_bytes)
            url = checked_url(target)
            if call.check_hop is not None:
                call.check_hop(url)
        raise TooManyRedirects(call.url)

    @contextmanager
    def _sent(self, call: Call, url: str, private: Mapping[str, str]) -> Iterator[httpx.Response]:
        headers = {**call.headers, **private}
        try:
            request = self._client.build_request(
                call.method, url, headers=headers, content=call.body or None
            )
            response = self._client.send(request, stream=True)
            try:
                yield response
            finally:
                response.close()
        except OutboundError:
            raise
        except httpx.TimeoutException as error:
            raise TooSlow(f"{url}: {type(error).__name__}") from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError) as error:
            raise Unreachable(f"{url}: {type(error).__name__}") from error
        finally:
            # No cookie of one answer is sent with the next request.
            self._client.cookies.clear()


class _CheckedTransport(httpx.HTTPTransport):
    """A transport whose connections go to checked addresses."""

    def __init__(self, deadline: Deadline) -> None:
        super().__init__(verify=trusted_certificates(), trust_env=False)
        self._pool: Any = httpcore.ConnectionPool(
            ssl_context=trusted_certificates(),
            max_connections=4,
            max_keepalive_connections=4,
            keepalive_expiry=10.0,
            network_backend=CheckedBackend(deadline),
        )


@lru_cache(maxsize=1)
def trusted_certificates() -> SSLContext:
    """Return the authorities that are trusted; SSL_CERT_FILE of the environment names others."""
    return httpx.create_ssl_context()


def checked_url(url: str) -> str:
    """Return ``url`` in its normal form. Raises DestinationRefused if it may not be asked for."""
    parsed = _parsed(url)
    if parsed.scheme not in _DEFAULT_PORTS or not parsed.host:
        raise DestinationRefused(f"not an address of the web: {url[:200]}")
    if parsed.userinfo:
        raise DestinationRefused("a name or a password in the address")
    return str(parsed.copy_with(fragment=None))


def check_destination(url: str) -> None:
    """Check an address before it is stored; that of a name is checked again at each request.

    Raises OutboundError: what ``OutboundClient.send`` would raise before it connects.
    """
    parsed = httpx.URL(checked_url(url))
    resolve(parsed.host, parsed.port or _DEFAULT_PORTS[parsed.scheme])


def origin_of(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of an address. Raises DestinationRefused."""
    parsed = _parsed(url)
    return parsed.scheme, parsed.host, parsed.port or _DEFAULT_PORTS.get(parsed.scheme, 0)


def _parsed(url: str) -> httpx.URL:
    try:
        return httpx.URL(url.strip())
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise DestinationRefused(f"not an address: {url[:200]}") from error


def _target(response: httpx.Response) -> str | None:
    """Return where a redirect leads; None when the answer is none."""
    location = response.headers.get("Location")
    if not response.is_redirect or not location:
        return None
    try:
        return str(response.request.url.join(location))
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise DestinationRefused("a redirect to no address") from error


def _read(response: httpx.Response, max_bytes: int) -> Answer:
    """Read the body to a file, which may have ``max_bytes`` once it is unpacked."""
    if int(response.headers.get("Content-Length") or 0) > max_bytes:
        raise AnswerTooLarge(f"{response.url}: more than {max_bytes} bytes")
    size, file = 0, SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 (of the answer)
    try:
        for block in response.iter_bytes(_BLOCK_BYTES):
            size += len(block)
            if size > max_bytes:
                raise AnswerTooLarge(f"{response.url}: more than {max_bytes} bytes")
            file.write(block)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return Answer(response.status_code, str(response.url), response.headers, file, size)
