"""The web server: uvicorn with our limits on connections.

    python -m ragapp.web_server --host 127.0.0.1 --port 8000

``WEB_CONCURRENCY`` (uvicorn's) sets the number of processes.
"""

import argparse

import uvicorn


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="ragapp.web_server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    uvicorn.run(
        "ragapp.asgi:application",
        host=options.host,
        port=options.port,
        http="web.server.http_protocol:LimitedHttpProtocol",
        # There are no WebSockets here.
        ws="none",
        lifespan="off",
        timeout_graceful_shutdown=5,
        access_log=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
