"""Connections to checked addresses, with one time limit for all that is done on them."""

import socket
import ssl
from collections.abc import Iterable
from time import monotonic
from typing import Any

import httpcore

from web.outbound.addresses import resolve
from web.outbound.errors import TooSlow, Unreachable

CONNECT_TIMEOUT_S = 10.0


class Deadline:
    """When all must be done; shared by the connections of a client."""

    def __init__(self) -> None:
        self._at = float("inf")

    def set(self, seconds: float) -> None:
        """Allow ``seconds`` from now."""
        self._at = monotonic() + seconds

    def left(self, timeout: float | None) -> float:
        """Return the time for the next operation. Raises TooSlow when there is none left."""
        left = self._at - monotonic()
        if left <= 0:
            raise TooSlow("the time for the request is over")
        return left if timeout is None else min(left, timeout)


class CheckedBackend(httpcore.NetworkBackend):
    """Resolves the name of each connection itself, and connects to an address that it checked.

    The name remains that of the Host header and of the certificate's check.
    """

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = resolve(host, port)
        for number, address in enumerate(addresses, 1):
            limit = self._deadline.left(timeout)
            try:
                stream = self._plain.connect_tcp(
                    address, port, limit, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(addresses):
                    raise
            else:
                return _LimitedStream(stream, self._deadline)
        raise Unreachable(f"{host} has no address")

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Any = None
    ) -> httpcore.NetworkStream:
        raise Unreachable("sockets of this machine")

    def sleep(self, seconds: float) -> None:
        self._plain.sleep(self._deadline.left(seconds))


class _LimitedStream(httpcore.NetworkStream):
    """A stream whose every operation ends by the deadline, however small the parts that come."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        limit = self._deadline.left(timeout)
        return _LimitedStream(
            self._stream.start_tls(ssl_context, server_hostname, limit), self._deadline
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def connect(host: str, port: int, timeout: float = CONNECT_TIMEOUT_S) -> socket.socket:
    """Return a connection to a checked address, for protocols other than HTTP.

    Raises DestinationRefused or Unreachable.
    """
    failure: OSError | None = None
    for address in resolve(host, port):
        try:
            return socket.create_connection((address, port), timeout)
        except OSError as error:
            failure = error
    raise Unreachable(f"{host}: {failure}")
