"""Send files in pieces, as a client of the tus protocol does."""

import base64
from dataclasses import dataclass
from typing import Any

from django.test import Client

from ingestion.models import Document, ResumableUpload
from instances.models import Instance
from instances.tenancy import tenant

UPLOADS = "/i/law/documents/uploads/"
TEXT = "\n".join(f"Le guichet {n} ouvre à {n} heures." for n in range(9)).encode()
OCTETS = "application/offset+octet-stream"


def metadata(**pairs: str) -> str:
    """The header Upload-Metadata."""
    return ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items()
    )


@dataclass(frozen=True)
class TusClient:
    """A client of one endpoint."""

    client: Client
    url: str = UPLOADS

    def create(
        self, length: int | str = len(TEXT), *, body: bytes = b"", headers: Any = None, **pairs: str
    ) -> Any:
        """Announce a file, perhaps with its first bytes."""
        sent = {
            "Tus-Resumable": "1.0.0",
            "Upload-Length": str(length),
            "Upload-Metadata": metadata(**({"filename": "horaires.txt"} | pairs)),
            **(headers or {}),
        }
        kept = {name: value for name, value in sent.items() if value is not None}
        return self.client.generic(
            "POST", self.url, body, content_type=OCTETS if body else "", headers=kept
        )

    def send(self, url: str, body: bytes, offset: int | str, *, headers: Any = None) -> Any:
        """Send bytes from an offset on."""
        sent = {"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset), **(headers or {})}
        content_type = sent.pop("Content-Type", OCTETS)
        kept = {name: value for name, value in sent.items() if value is not None}
        return self.client.generic("PATCH", url, body, content_type=content_type, headers=kept)

    def head(self, url: str) -> Any:
        return self.client.head(url, headers={"Tus-Resumable": "1.0.0"})

    def stop(self, url: str) -> Any:
        return self.client.delete(url, headers={"Tus-Resumable": "1.0.0"})

    def state(self, url: str) -> dict[str, Any]:
        """What is said of an upload, and of its outcome."""
        answer: dict[str, Any] = self.client.get(url).json()
        return answer


def documents(instance: Instance) -> list[Document]:
    """The documents of an instance."""
    with tenant(instance):
        return list(Document.objects.for_instance(instance).order_by("created_at"))


def row(instance: Instance) -> ResumableUpload:
    """The only upload of an instance."""
    with tenant(instance):
        upload: ResumableUpload = ResumableUpload.objects.for_instance(instance).get()
    return upload


def content_of(document: Document) -> bytes:
    """The bytes of a document in the storage."""
    with document.file.open() as file:
        content: bytes = file.read()
    return content
