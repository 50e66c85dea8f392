"""The web server: uvicorn with our limits on connections, in ``WEB_PROCESSES`` processes.

    python -m ragapp.web_server --host 127.0.0.1 --port 8000

The reasons: docs/decisions/026-web-processes.md.
"""

import argparse
import os
import socket
from contextlib import ExitStack, suppress
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
            # uvicorn raises the signal that stopped it again.
            with suppress(KeyboardInterrupt):
                _serve(sockets[0])


def _serve(listener: socket.socket) -> None:
    """Serve the connections of one socket until SIGINT or SIGTERM."""
    from accounts.saml.client import start_warm_up

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
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
