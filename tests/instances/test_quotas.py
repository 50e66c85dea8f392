"""Quotas of an instance: which limit applies, error messages, concurrent uploads."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from ingestion import uploads
from ingestion.models import Document
from instances import quotas
from instances.access.api_keys import create_api_key
from instances.errors import QuotaExceeded, WrongStatus
from instances.models import Instance, Organisation
from instances.tenancy import tenant
from tests.factories import DocumentFactory

URL = "/i/law/documents/upload/"
JSON = {"accept": "application/json"}


def limit(instance, **limits):
    Instance.objects.filter(pk=instance.pk).update(**limits)
    return Instance.objects.select_related("organisation").get(pk=instance.pk)


def store(instance, content=b"Opening hours: nine to five."):
    with tenant(instance):
        return uploads.store_upload(
            instance=instance, user=None, name="hours.txt", content=io.BytesIO(content)
        )


@pytest.mark.parametrize(
    ("own", "organisation", "expected"), [(None, None, None), (None, 5, 5), (3, 5, 3), (0, 5, 0)]
)
def test_limit_of_instance_overrides_organisation(cast, own, organisation, expected):
    Organisation.objects.filter(pk=cast.instance.organisation_id).update(max_documents=organisation)
    assert quotas.limits_of(limit(cast.instance, max_documents=own)).documents == expected


def test_document_limit_is_enforced(cast):
    DocumentFactory(instance=cast.instance)
    instance = limit(cast.instance, max_documents=2)
    store(instance, b"The second.")
    with pytest.raises(QuotaExceeded, match="2 of the 2 documents"):
        store(instance, b"The third.")
    # What is there already takes no room.
    assert store(instance, b"The second.")[1] is False


def test_storage_limit_is_enforced(cast):
    instance = limit(cast.instance, max_stored_bytes=100)
    store(instance, b"a" * 60)
    with pytest.raises(QuotaExceeded, match="41"):
        store(instance, b"b" * 41)
    store(instance, b"c" * 40)


def test_deleting_a_document_frees_quota(cast):
    instance = limit(cast.instance, max_documents=1)
    document, _created = store(instance, b"The first.")
    with tenant(instance):
        uploads.delete(Document.objects.get(pk=document.pk))
    store(instance, b"The second.")


def test_quota_error_names_the_contact(cast, client_for):
    Organisation.objects.update(support_contact="it@univ.example")
    limit(cast.instance, max_documents=0)
    response = client_for(cast.editor).post(
        URL, {"file": SimpleUploadedFile("a.txt", b"text")}, headers=JSON
    )
    assert response.status_code == 403
    error = response.json()["error"]
    assert error["code"] == "quota"
    assert "it@univ.example" in error["message"]


def test_api_reports_quota_error(cast, client):
    limit(cast.instance, max_documents=0)
    _key, plaintext = create_api_key(
        instance=cast.instance, name="x", scope="manage", created_by=None
    )
    response = client.post(
        "/api/v1/documents",
        {"file": SimpleUploadedFile("a.txt", b"text")},
        headers={"authorization": f"Bearer {plaintext}"},
    )
    assert (response.status_code, response.json()["error"]["code"]) == (403, "quota")


@pytest.mark.parametrize("status", ["archived", "suspended", "deleting"])
def test_upload_to_closed_instance_is_refused(cast, status):
    instance = limit(cast.instance, status=status)
    with pytest.raises(WrongStatus):
        store(instance)


def test_page_shows_used_quota(cast, client_for):
    editor = client_for(cast.editor)
    assert "of 2 documents" not in editor.get("/i/law/documents/").text
    DocumentFactory(instance=cast.instance)
    limit(cast.instance, max_documents=2)
    assert "1 of 2 documents." in editor.get("/i/law/documents/").text
    DocumentFactory(instance=cast.instance)
    assert "This instance is full" in editor.get("/i/law/documents/").text
    assert "of 2 documents" not in client_for(cast.teammate).get("/i/law/documents/").text


@pytest.mark.django_db(transaction=True)
def test_concurrent_uploads_respect_quota(cast):
    instance = limit(cast.instance, max_documents=3)

    def upload(number):
        try:
            return store(instance, f"Document {number}.".encode())[1]
        except QuotaExceeded:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(upload, range(12))) == 3
    with tenant(instance):
        assert Document.objects.count() == instance.holdings.documents == 3
