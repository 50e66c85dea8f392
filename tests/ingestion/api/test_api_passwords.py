"""``POST /api/v1/documents`` of a file with a password."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ingestion.models import Document
from instances.tenancy import tenant
from tests.cast import Cast
from tests.ingestion.api.client import URL
from tests.ingestion.files.locked_files import PASSWORD, locked_docx


def test_api_takes_the_password(
    cast: Cast, with_key: Callable[..., Client], tmp_path: Path
) -> None:
    path, client = locked_docx(tmp_path / "a.docx"), with_key(cast.instance)

    def post(**fields: str) -> Any:
        file = SimpleUploadedFile(path.name, path.read_bytes())
        return client.post(URL, {"file": file} | fields)

    refused = post()
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "encrypted")
    assert post(password=PASSWORD).status_code == 201
    with tenant(cast.instance):
        assert Document.objects.get().media_type.endswith("wordprocessingml.document")
