"""Send a document to ``/api/v1``."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

URL = "/api/v1/documents"


def post(client: Client, name: str, content: bytes) -> Any:
    return client.post(URL, {"file": SimpleUploadedFile(name, content)})
