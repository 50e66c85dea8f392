"""The whole application behind a real web server, for tests of what happens on a connection."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from inference.llm.connections import close_shared_client


@dataclass(frozen=True)
class Site:
    """A running site; ``loop`` is the event loop that serves it."""

    host: str
    port: int
    loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def connect(self) -> socket.socket:
        """A raw connection to it."""
        return socket.create_connection((self.host, self.port), timeout=30)


@contextmanager
def serve(application: Callable[..., Any], **options: Any) -> Iterator[Site]:
    """Serve on loopback, from an event loop in a thread."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    config = uvicorn.Config(application, lifespan="off", ws="none", log_level="error", **options)
    server = uvicorn.Server(config)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(
        target=lambda: loop.run_until_complete(server.serve(sockets=[listener])), daemon=True
    )
    thread.start()
    try:
        yield Site("127.0.0.1", listener.getsockname()[1], loop)
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        loop.run_until_complete(close_shared_client())
        loop.close()
