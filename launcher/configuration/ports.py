"""TCP ports: the one the operator chose, and loopback ports that we choose and remember."""

import errno
import json
import socket

from launcher.configuration.data_dir import DataDir
from launcher.errors import LauncherError


def check_can_listen(host: str, port: int) -> None:
    """Raise LauncherError unless it is possible to listen on ``host``:``port``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, OverflowError) as error:
        raise LauncherError(_explain(host, port, error)) from error


def remembered_port(data: DataDir, name: str, *, is_up: bool) -> int:
    """Return the loopback port of ``name``: the same as last time, unless it is taken now.

    With ``is_up`` it is running, so that its own port counts as free.
    """
    ports: dict[str, int] = {}
    if data.ports.exists():
        try:
            ports = json.loads(data.ports.read_text())
        except ValueError:
            ports = {}
    if is_up and name in ports:
        return ports[name]
    free = _free_port(ports.get(name, 0)) or _free_port(0)
    if ports.get(name) != free:
        data.ports.write_text(json.dumps(ports | {name: free}))
    return free


def _free_port(wanted: int) -> int:
    """Return ``wanted`` (any port for 0) when it is free, otherwise 0."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return 0
        port: int = probe.getsockname()[1]
        return port


def _explain(host: str, port: int, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken: stop what uses it, or choose another (--port {port + 1})."
    if isinstance(error, PermissionError):
        return f"Port {port} is reserved for root: choose one above 1023, e.g. --port 8000."
    if isinstance(error, OverflowError):
        return f"{port} is not a port: choose one between 1024 and 65535."
    return f"{host} is not an address of this machine: leave --host out, or give one that is."
