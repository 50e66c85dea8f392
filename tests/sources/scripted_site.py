"""A web site on loopback whose pages tests change between two runs."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Page:
    """An answer; with an ETag it is not sent again to those who have it."""

    body: bytes = b""
    media_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str = ""


@dataclass
class ScriptedSite:
    """The pages by path, and the requests that came: method, path, headers, body."""

    url: str = ""
    port: int = 0
    pages: dict[str, Page] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def put(self, path: str, body: str | bytes, **fields: Any) -> None:
        """Serve a page at a path."""
        data = body.encode() if isinstance(body, str) else body
        self.pages[path] = Page(data, **fields)

    def paths(self, method: str = "GET") -> list[str]:
        """The paths that were asked for, in order, without robots.txt."""
        return [path for how, path, *_ in self.requests if how == method and path != "/robots.txt"]

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Page:
        """The answer to a request; tests of other protocols override it."""
        page = self.pages.get(path) or self.pages.get(path.partition("?")[0])
        if page is None:
            return Page(b"Not here", "text/plain", 404)
        if page.etag and headers.get("If-None-Match") == page.etag:
            return Page(status=304, etag=page.etag)
        return page


@contextmanager
def serving(site: ScriptedSite) -> Iterator[ScriptedSite]:
    """Serve a site on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _reply(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            asked = (self.command, self.path, dict(self.headers.items()), body)
            site.requests.append(asked)
            page = site.answer(self.command, self.path, self.headers, body)
            self.send_response(page.status)
            headers = {"Content-Type": page.media_type, "Content-Length": str(len(page.body))}
            headers |= {"ETag": page.etag} if page.etag else {}
            for name, value in {**headers, **page.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if page.status != 304:
                self.wfile.write(page.body)

        do_GET = do_POST = do_PUT = do_PROPFIND = do_REPORT = _reply  # noqa: N815 (of the library)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    site.port = server.server_port
    site.url = f"http://127.0.0.1:{site.port}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
