"""Requests as bytes, and what the web server does with their connection."""

import socket

# A bound for busy machines; each limit under test is a second or less.
PATIENCE_S = 30.0


def head(path: str, **headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def status_of(connection: socket.socket) -> int:
    """The status of the answer; 0 when the connection is closed without one."""
    connection.settimeout(PATIENCE_S)
    received = b""
    while b"\r\n" not in received:
        try:
            piece = connection.recv(4096)
        except ConnectionResetError:
            return 0
        if not piece:
            return 0
        received += piece
    return int(received.split()[1])


def is_closed(connection: socket.socket) -> bool:
    """Whether the server closes the connection, however much it says before."""
    connection.settimeout(PATIENCE_S)
    try:
        while connection.recv(4096):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True
