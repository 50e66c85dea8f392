"""Files: stored under their instance's id, accessible only after a check, harmless in a browser."""

from io import BytesIO

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.test import AsyncClient
from django.urls import reverse

from ingestion import uploads
from ingestion.models import Document
from ingestion.parsing.media_types import EXTENSIONS, PDF
from instances.tenancy import tenant
from tests.factories import DocumentFactory
from tests.site_map import TENANT_PAGES

ACTIVE = [
    "text/html",
    "application/xhtml+xml",
    "image/svg+xml",
    "text/xml",
    "application/xml",
    "text/javascript",
    "application/javascript",
    "application/x-shockwave-flash",
    "application/octet-stream",
    "multipart/x-mixed-replace",
]
# Shown by the browser, where the sandbox runs no script of its own.
INLINE = {PDF}
CONTENT = b"<script>alert(1)</script>%PDF-"


@pytest.mark.django_db(transaction=True)
class TestServed:
    @pytest.fixture
    def fetch(self, cast):
        """``fetch(document, person="teammate", **headers)``: the response with its bytes."""

        async def get(document, person, query, headers):
            client = AsyncClient()
            if person:
                await client.aforce_login(getattr(cast, person))
            url = reverse("documents:file", args=[cast.instance.slug, document.pk]) + query
            response = await client.get(url, headers=headers)
            if response.streaming:
                response.body = b"".join([block async for block in response])
            return response

        def call(document, person="teammate", query="", **headers):
            return async_to_sync(get)(document, person, query, headers)

        return call

    @pytest.mark.parametrize("media_type", sorted({*EXTENSIONS, *ACTIVE}))
    @pytest.mark.parametrize("query", ["", "?download", "?inline"])
    def test_served_file_cannot_run_scripts_on_our_origin(self, cast, fetch, media_type, query):
        document = DocumentFactory(
            instance=cast.instance, media_type=media_type, content=CONTENT + media_type.encode()
        )
        for response in (
            fetch(document, query=query),
            fetch(document, query=query, range="bytes=0-9"),
        ):
            assert response["X-Content-Type-Options"] == "nosniff"
            assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
            assert response["Content-Type"] == media_type
            assert "private" in response["Cache-Control"]
            may_be_shown = media_type in INLINE and query != "?download"
            shown_as = "inline" if may_be_shown else "attachment"
            assert response["Content-Disposition"].startswith(shown_as)

    def test_file_is_served_only_after_the_access_check(self, cast, fetch):
        document = DocumentFactory(instance=cast.instance)
        assert fetch(document).status_code == 200
        for headers in ({}, {"range": "bytes=0-3"}, {"if-none-match": f'"{document.sha256}"'}):
            assert fetch(document, person="stranger", **headers).status_code == 404
            assert fetch(document, person="", **headers).status_code == 302

    def test_no_url_exposes_the_storage(self, cast, fetch):
        document = DocumentFactory(instance=cast.instance)
        for prefix in ("", "media/", "files/", "static/", "static/../files/"):
            response = async_to_sync(AsyncClient().get)(f"/{prefix}{document.file.name}")
            assert response.status_code == 404, prefix
        assert [page.name for page in TENANT_PAGES if page.name.endswith(":file")] == [
            "documents:file"
        ]


class TestStored:
    @pytest.mark.parametrize(
        "name",
        ["../../etc/passwd", "/etc/passwd", "..\\..\\x.txt", "a/../../b.txt", "x\0.txt", "..", ""],
        ids=repr,
    )
    def test_file_name_never_enters_the_storage_path(self, cast, no_broker, name):
        with tenant(cast.instance):
            document, _created = uploads.store_upload(
                instance=cast.instance, user=cast.owner, name=name, content=BytesIO(b"Some text.")
            )
        assert document.file.name == f"{cast.instance.pk}/{document.pk}"
        assert default_storage.exists(f"{cast.instance.pk}/{document.pk}")
        assert "/" not in document.name

    @pytest.mark.parametrize("name", ["another's", "../secrets.json", "/etc/passwd", ""])
    def test_document_row_cannot_reference_another_file(self, cast, name):
        mine = DocumentFactory(instance=cast.instance)
        theirs = DocumentFactory(instance=cast.other_instance)
        stolen = theirs.file.name if name == "another's" else name
        with (
            tenant(cast.instance),
            pytest.raises(IntegrityError, match="file_is_its_own"),
            transaction.atomic(),
        ):
            Document.objects.filter(pk=mine.pk).update(file=stolen)

    @pytest.mark.parametrize("name", ["../secrets.json", "1/../../secrets.json", "/etc/passwd"])
    def test_storage_refuses_paths_outside_its_directory(self, name):
        with pytest.raises(SuspiciousFileOperation):
            default_storage.open(name)

    def test_same_bytes_in_two_instances_are_stored_twice(self, cast, no_broker):
        documents = []
        for instance in (cast.instance, cast.other_instance):
            with tenant(instance):
                document, created = uploads.store_upload(
                    instance=instance, user=None, name="same.txt", content=BytesIO(b"Same bytes.")
                )
            assert created
            documents.append(document)
        with tenant(cast.instance):
            uploads.delete(documents[0])
        assert default_storage.exists(documents[1].file.name)
