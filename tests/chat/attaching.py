"""Attach a file over HTTP, as the page does, and have it read."""

from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from ingestion.attempts.locking import Attempt
from ingestion.models import Document
from ingestion.pipeline import ingest_document
from instances.tenancy import tenant
from tests.cast import Cast

ATTACH = "/i/law/attachments/"
NAME = "prime-zorglub.txt"
TEXT = (
    "Prime de zorglubisation (PDZ)\n\nLa prime de zorglubisation des enquêteurs du laboratoire est "
    "de quatre cent douze euros par mois, versée au mois de novembre."
)
QUESTION = "Quel est le montant de la prime de zorglubisation ?"


def post_file(
    client: Client, *, conversation: Any = "", name: str = NAME, content: bytes = TEXT.encode()
) -> HttpResponse:
    """Send a file to a conversation, or to a new one."""
    form = {"file": SimpleUploadedFile(name, content), "conversation": conversation}
    return client.post(ATTACH, form, headers={"Accept": "application/json"})


def attached(cast: Cast, client: Client, **file: Any) -> Document:
    """Attach a file and read it, in this process."""
    response = post_file(client, **file)
    assert response.status_code == 201, response.content
    pk = UUID(response.json()["attachments"][-1]["id"])
    with tenant(cast.instance):
        document = Document.with_attachments.get(pk=pk)
    ingest_document(Attempt.of(document))
    with tenant(cast.instance):
        document.refresh_from_db()
    return document
