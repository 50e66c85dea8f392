"""Uploads from the browser: new documents, the same bytes again, and refused files."""

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from ingestion.models import Document
from instances.tenancy import tenant
from tests.factories import DocumentFactory
from tests.ingestion.views.changing import CAST, documents, url

Status = Document.Status
UPLOAD = "/i/law/documents/upload/"
TEXT = "Le guichet ouvre à neuf heures, du lundi au vendredi.".encode()


def upload(client, content=TEXT, name="horaires.txt", **fields):
    return client.post(UPLOAD, {"file": SimpleUploadedFile(name, content)} | fields)


@pytest.mark.parametrize(("person", "outcome"), CAST)
def test_only_editor_can_upload(cast, client_for, person, outcome):
    response = upload(client_for(getattr(cast, person)))
    assert response.status_code == (201 if outcome is True else outcome)
    assert len(documents(cast.instance)) == (1 if outcome is True else 0)


def test_upload_saves_name_folder_and_uploader(cast, client_for):
    response = upload(client_for(cast.editor), name="Réglement.txt", folder="Droit/2026")
    (document,) = documents(cast.instance)
    assert response.json() == {
        "id": str(document.pk),
        "created": True,
        "title": "Réglement.txt",
        "status": "queued",
        "url": url("detail", document),
    }
    assert document.folder == "Droit/2026"
    assert document.uploaded_by_id == cast.editor.pk


@pytest.mark.parametrize(
    ("chosen", "level", "own"),
    [
        ("restricted", "restricted", "restricted"),
        ("internal", "internal", ""),
        ("public", "internal", ""),  # never below that of the instance
        ("", "internal", ""),
    ],
)
def test_upload_has_the_chosen_sensitivity(cast, client_for, chosen, level, own):
    assert upload(client_for(cast.editor), sensitivity=chosen).status_code == 201
    (document,) = documents(cast.instance)
    with tenant(cast.instance):
        assert (document.level, document.sensitivity) == (level, own)


def test_upload_with_unknown_sensitivity_is_refused(cast, client_for):
    response = upload(client_for(cast.editor), sensitivity="secret")
    assert (response.status_code, documents(cast.instance)) == (400, [])
    assert "level" in response.json()["error"]["message"]


def test_same_bytes_give_existing_document_and_message(cast, client_for):
    client = client_for(cast.editor)
    first = upload(client).json()
    second = upload(client, name="copie.txt")
    assert second.status_code == 200
    assert second.json() == first | {"created": False}
    assert len(documents(cast.instance)) == 1


@pytest.mark.parametrize(
    ("content", "name", "status", "code"),
    [
        (b"", "empty.txt", 422, "empty"),
        (b"8BPS\0\1" + bytes(200), "poster.pdf", 415, "unsupported_media_type"),
        (b"x" * 2_000_000, "big.txt", 413, "too_large"),
    ],
    ids=["empty", "a Photoshop file named .pdf", "too large"],
)
def test_refused_file_has_message(cast, client_for, settings, content, name, status, code):
    settings.MAX_UPLOAD_BYTES = 1 << 20
    response = upload(client_for(cast.editor), content, name)
    assert response.status_code == status
    error = response.json()["error"]
    assert error["code"] == code
    assert len(error["message"]) > 20
    assert "{" not in error["message"]
    assert documents(cast.instance) == []


def test_upload_without_file_is_refused(cast, client_for):
    response = client_for(cast.editor).post(UPLOAD, {"folder": "x"})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid")


@pytest.mark.django_db(transaction=True)
def test_failed_document_is_replaced_by_another_file(cast, client_for):
    failed = DocumentFactory(
        instance=cast.instance, status=Status.FAILED, error_code="image_only", folder="Droit"
    )
    ready = DocumentFactory(instance=cast.instance)
    client = client_for(cast.editor)

    def send(content, replaced):
        file = SimpleUploadedFile("texte.txt", content)
        return client.post(UPLOAD, {"file": file, "replaces": str(replaced.pk)}).status_code

    assert send(b"", failed) == 422
    assert {document.pk for document in documents(cast.instance)} == {failed.pk, ready.pk}
    assert default_storage.exists(failed.file.name)
    assert send(TEXT, failed) == 201
    (new,) = [document for document in documents(cast.instance) if document.pk != ready.pk]
    assert (new.name, new.folder, new.status) == ("texte.txt", "Droit", Status.QUEUED)
    assert not default_storage.exists(failed.file.name)
