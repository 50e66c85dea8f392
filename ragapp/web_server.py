"""The web server: uvicorn with our limits on connections, in ``WEB_PROCESSES`` processes.

    python -m ragapp.web_server --host 127.0.0.1 --port 8000

The reasons: docs/decisions/026-web-processes.md.
"""

import argparse
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from tempfile import TemporaryDirectory

import uvicorn
from django.conf import settings

from web.server.processes import listen, run_processes


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="ragapp.web_server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
    os.environ.setdefault("PROCESS_KIND", "web")
    sockets = listen(options.host, options.port, settings.WEB_PROCESSES)
    with ExitStack() as files:
        if len(sockets) > 1:
            # Where prometheus_client keeps counters of several processes; read when it is imported.
            directory = files.enter_context(TemporaryDirectory(prefix="ragapp-metrics-"))
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
        # Loaded once, before the fork.
        import_module("ragapp.asgi")

        if len(sockets) > 1:
            run_processes(sockets, _serve)
        else:
            _serve(sockets[0])


class _Server(uvicorn.Server):
    """uvicorn, which would raise the signal that stopped it again, and so end the process.

    Its event loop then ends in order: answers under way are cancelled, and saved with their cost.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        with super().capture_signals():
            yield
            self._captured_signals.clear()


def _serve(listener: socket.socket) -> None:
    """Serve the connections of one socket until SIGINT or SIGTERM."""
    from accounts.saml.client import start_warm_up
    from usage.traces import exporter

    # A thread, which a fork would not have copied.
    start_warm_up()
    config = uvicorn.Config(
        "ragapp.asgi:application",
        http="web.server.http_protocol:LimitedHttpProtocol",
        # There are no WebSockets here.
        ws="none",
        lifespan="off",
        timeout_graceful_shutdown=5,
        access_log=False,
        server_header=False,
    )
    _Server(config).run(sockets=[listener])
    exporter.shut_down()


if __name__ == "__main__":
    main()
