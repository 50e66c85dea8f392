"""An encrypted connection to an IMAP server, with limits on what it sends.

Its address is checked like those of requests (``web.outbound``).
"""

import base64
import imaplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from sources.errors import (
    AccessDenied,
    AnswerRefused,
    AnswerTooLarge,
    SlowServer,
    SourceUnreachable,
)
from web.outbound.client import trusted_certificates
from web.outbound.connections import connect

TLS, STARTTLS = "tls", "starttls"
_TIMEOUT_S: Final = 20.0
_COMMAND_S: Final = 60.0


class Connection(imaplib.IMAP4):
    """A connection whose commands have a limit of bytes and of time."""

    def __init__(self, host: str, port: int, *, is_tls_at_once: bool) -> None:
        self._is_tls_at_once = is_tls_at_once
        self.allow(1 << 20)
        super().__init__(host, port, timeout=_TIMEOUT_S)

    def allow(self, max_bytes: int) -> None:
        """Let the next command read so much."""
        self._left, self._until = max_bytes, monotonic() + _COMMAND_S

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = connect(self.host, self.port, timeout or _TIMEOUT_S)
        if not self._is_tls_at_once:
            return plain
        return trusted_certificates().wrap_socket(plain, server_hostname=self.host)

    def read(self, size: int) -> bytes:
        """Read a literal, whose size the server has announced."""
        self._count(size)
        return super().read(size)

    def readline(self) -> bytes:
        """Read a line."""
        line = super().readline()
        self._count(len(line))
        return line

    def _count(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise AnswerTooLarge("the answer of the mail server")
        if monotonic() > self._until:
            raise SlowServer("the answer of the mail server")


def opened(host: str, port: int, security: str, user: str, password: str) -> Connection:
    """Return a connection on which ``user`` is logged in. Raises SourceError or OutboundError."""
    with mail_errors():
        connection = Connection(host, port, is_tls_at_once=security == TLS)
        try:
            if security == STARTTLS:
                connection.starttls(trusted_certificates())
            try:
                _log_in(connection, user, password)
            except imaplib.IMAP4.error as error:
                raise AccessDenied("the mail server refuses the login") from error
        except BaseException:
            connection.shutdown()
            raise
    return connection


@contextmanager
def mail_errors() -> Iterator[None]:
    """Raise errors of imaplib as those of sources."""
    try:
        yield
    except imaplib.IMAP4.abort as error:
        raise SourceUnreachable(f"mail: {error}") from error
    except imaplib.IMAP4.error as error:
        raise AnswerRefused(f"mail: {error}") from error
    except TimeoutError as error:
        raise SlowServer("mail") from error
    except OSError as error:
        raise SourceUnreachable(f"mail: {error}") from error


def modified_utf7(name: str) -> str:
    """Return the name of a folder as IMAP writes it (RFC 3501, 5.1.3)."""
    parts: list[str] = []
    waiting = ""
    for character in f"{name}\0":
        if " " <= character <= "~" or character == "\0":
            if waiting:
                coded = waiting.encode("utf-16-be")
                parts.append("&" + _base64(coded) + "-")
                waiting = ""
            parts.append("&-" if character == "&" else character)
        else:
            waiting += character
    return "".join(parts).rstrip("\0")


def quoted(name: str) -> str:
    """Return a string of IMAP. A line break, which would begin another command, is left out."""
    inner = name.replace("\r", "").replace("\n", "").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inner}"'


def _log_in(connection: Connection, user: str, password: str) -> None:
    if "AUTH=PLAIN" in connection.capabilities:
        connection.authenticate("PLAIN", lambda _challenge: f"\0{user}\0{password}".encode())
        return
    try:
        connection.login(quoted(user), password.replace("\r", "").replace("\n", ""))
    except UnicodeError as error:
        raise AccessDenied("the mail server takes no such password") from error


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=").replace("/", ",")
