"""Django's ASGI handler, for bodies whose length the client did not declare."""

import os
from collections.abc import Mapping
from typing import IO, Any

from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http import HttpResponseBase


class DjangoHandler(ASGIHandler):
    """Declares the length of chunked bodies (RFC 9112, section 7.1).

    Django reads no form and no file from a body without Content-Length, although its handler has
    received the whole body by then.
    """

    def create_request(
        self, scope: Mapping[str, Any], body_file: IO[bytes]
    ) -> tuple[ASGIRequest, None] | tuple[None, HttpResponseBase]:
        """As in Django, with the length of the body that was received."""
        if any(name == b"transfer-encoding" for name, _value in scope["headers"]):
            body_file.seek(0, os.SEEK_END)
            length = (b"content-length", b"%d" % body_file.tell())
            body_file.seek(0)
            scope = {**scope, "headers": [*scope["headers"], length]}
        return super().create_request(scope, body_file)
