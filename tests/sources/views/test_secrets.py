"""Passwords of sources: encrypted, never shown, sent nowhere else, erased with the source."""

from typing import Any

import pytest
from django.test import Client

from accounts.secret_rotation import rotate_secrets
from instances.models import AuditEntry
from instances.tenancy import overseeing, tenant
from sources.credentials import encrypted, secrets_of
from sources.models import Source
from tests.cast import Cast
from tests.sources.factories import SourceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]

SECRET = "s3cret-of-the-list"
ADDRESS = "https://93.184.215.14/list"


def form(**fields: Any) -> dict[str, Any]:
    given = {
        "source-name": "Files",
        "source-schedule": "daily",
        "source-grace_days": "7",
        "kind-url": ADDRESS,
        "kind-key": "",
    }
    return given | fields


@pytest.fixture
def source(cast: Cast, files_kind: str) -> Source:
    made: Source = SourceFactory(
        instance=cast.instance,
        kind=files_kind,
        options={"url": ADDRESS},
        encrypted_secrets=encrypted({"key": SECRET}),
    )
    return made


@pytest.fixture
def editor(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.editor)
    return client


def stored(source: Source) -> Source:
    with tenant(source.instance_id):
        found: Source = Source.objects.get(pk=source.pk)
    return found


def test_secret_is_stored_encrypted_and_on_no_page(
    cast: Cast, files_kind: str, editor: Client, caplog: pytest.LogCaptureFixture
) -> None:
    editor.post("/i/law/sources/add/files/", form(**{"kind-key": SECRET}))
    with tenant(cast.instance):
        source = Source.objects.get()
    assert SECRET not in str(source.options) + source.encrypted_secrets
    assert secrets_of(source) == {"key": SECRET}
    for page in ("", "edit/"):
        assert SECRET not in editor.get(f"/i/law/sources/{source.pk}/{page}").content.decode()
    with overseeing():
        assert SECRET not in str(list(AuditEntry.objects.values_list("detail", flat=True)))
    assert SECRET not in caplog.text


def test_secret_remains_when_its_field_is_left_empty(source: Source, editor: Client) -> None:
    response = editor.post(f"/i/law/sources/{source.pk}/edit/", form(**{"source-name": "Other"}))
    assert response.status_code == 302
    assert stored(source).name == "Other"
    assert secrets_of(stored(source)) == {"key": SECRET}


def test_secret_is_asked_for_again_when_the_address_changes(source: Source, editor: Client) -> None:
    elsewhere = form(**{"kind-url": "https://93.184.215.15/list"})
    response = editor.post(f"/i/law/sources/{source.pk}/edit/", elsewhere)
    assert response.status_code == 200
    assert stored(source).options == {"url": ADDRESS}
    response = editor.post(f"/i/law/sources/{source.pk}/edit/", elsewhere | {"kind-key": "other"})
    assert response.status_code == 302
    assert secrets_of(stored(source)) == {"key": "other"}


def test_secret_is_erased_before_the_documents_are_deleted(source: Source, editor: Client) -> None:
    editor.post(f"/i/law/sources/{source.pk}/delete/", {"documents": "delete"})
    assert stored(source).encrypted_secrets == ""


def test_secrets_are_encrypted_again_under_another_key(source: Source, settings: Any) -> None:
    before = stored(source).encrypted_secrets
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret key " * 4
    assert rotate_secrets() == 1
    settings.SECRET_KEY_FALLBACKS = []
    assert stored(source).encrypted_secrets != before
    assert secrets_of(stored(source)) == {"key": SECRET}
