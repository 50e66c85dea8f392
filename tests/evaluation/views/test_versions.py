"""The page of a version that is tried, for administrators."""

from typing import Any

import pytest

from ingestion.models import Document
from instances.models import AuditEntry
from instances.tenancy import overseeing, tenant
from tests.cast import Cast
from tests.factories import DocumentFactory

URL = "/i/law/evaluation/versions/"
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("person", "status"), [("stranger", 404), ("teammate", 403), ("editor", 403), ("owner", 200)]
)
def test_page_is_for_administrators(cast: Cast, client_for: Any, person: str, status: int) -> None:
    version = DocumentFactory(instance=cast.instance, status="held")
    client = client_for(getattr(cast, person))
    assert client.get(f"{URL}{version.pk}/").status_code == status
    if person != "owner":
        answer = client.post(f"{URL}{version.pk}/decide/", {"decision": "accept"})
        assert answer.status_code == status


def test_version_of_another_instance_is_not_found(cast: Cast, client_for: Any) -> None:
    theirs = DocumentFactory(instance=cast.other_instance, status="held")
    client = client_for(cast.owner)
    assert client.get(f"{URL}{theirs.pk}/").status_code == 404
    assert client.post(f"{URL}{theirs.pk}/decide/", {"decision": "accept"}).status_code == 404


def test_administrator_deletes_a_held_version(cast: Cast, client_for: Any) -> None:
    current = DocumentFactory(instance=cast.instance)
    held = DocumentFactory(
        instance=cast.instance, status="held", series=current.series, version=2, name="new.txt"
    )
    client = client_for(cast.owner)
    client.post(f"{URL}{held.pk}/decide/", {"decision": "discard"})
    with tenant(cast.instance):
        assert list(Document.objects.values_list("pk", flat=True)) == [current.pk]
    with overseeing():
        entry = AuditEntry.objects.get(action="version.discarded")
    assert (entry.actor_id, entry.detail) == (cast.owner.pk, {"version": 2})


def test_version_that_answers_meanwhile_is_not_deleted(cast: Cast, client_for: Any) -> None:
    document = DocumentFactory(instance=cast.instance, status="ready")
    response = client_for(cast.owner).post(
        f"{URL}{document.pk}/decide/", {"decision": "discard"}, follow=True
    )
    assert "meanwhile" in response.content.decode()
    with tenant(cast.instance):
        assert Document.objects.filter(pk=document.pk).exists()


def test_administrator_has_versions_tried_first(cast: Cast, client_for: Any) -> None:
    client = client_for(cast.owner)
    form = {"schedule": "never", "tries_versions": "on"}
    client.post("/i/law/evaluation/changes/", form)
    cast.instance.refresh_from_db()
    assert cast.instance.tries_versions
    page = client.get("/i/law/evaluation/changes/")
    assert page.context["form"]["tries_versions"].value() is True
