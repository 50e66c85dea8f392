"""Metadata feeds of forged IdPs, and a server that publishes them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from lxml import etree

from tests.accounts.saml.idps import forger
from tests.accounts.saml.idps.forger import Idp, Keys

WEEK = timedelta(days=7)


def aggregate(idps: Sequence[Idp], *, valid_for: timedelta | None = WEEK) -> bytes:
    """An unsigned aggregate; ``valid_for`` None leaves validUntil out."""
    end = (
        "" if valid_for is None else (datetime.now(UTC) + valid_for).strftime("%Y-%m-%dT%H:%M:%SZ")
    )
    valid_until = f' validUntil="{end}"' if end else ""
    entities = "".join(idp.metadata() for idp in idps)
    return (
        f'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_feed"'
        f"{valid_until}>{entities}</md:EntitiesDescriptor>"
    ).encode()


def signed_aggregate(
    idps: Sequence[Idp], keys: Keys, *, valid_for: timedelta | None = WEEK
) -> bytes:
    """An aggregate signed as federations sign theirs."""
    root = etree.fromstring(aggregate(idps, valid_for=valid_for))
    return etree.tostring(forger.sign(root, root, keys))


class FeedServer:
    """A loopback server whose only page tests replace."""

    def __init__(self) -> None:
        self.status, self.body = 200, b""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                if outer.status != 299:
                    self.wfile.write(outer.body)

            def log_message(self, *args: object) -> None:
                """Stay silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/feed.xml"
        Thread(target=self.server.serve_forever, daemon=True).start()
