"""New versions, their history, and the return to an older one, in the browser."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.html import strip_tags

from ingestion.models import Document
from instances.models import AccessRule, Role
from instances.tenancy import tenant
from tests.factories import DocumentFactory, MembershipFactory
from tests.ingestion.stages import refreshed
from tests.ingestion.views.changing import CAST, documents, url

Status = Document.Status
UPLOAD = "/i/law/documents/upload/"


@pytest.fixture
def two(cast):
    """A replaced version, and the current one."""
    old = DocumentFactory(
        instance=cast.instance, name="v1.txt", status=Status.SUPERSEDED, embedding_model="m"
    )
    new = DocumentFactory(instance=cast.instance, name="v2.txt", series=old.series, version=2)
    return old, new


@pytest.mark.django_db(transaction=True)
def test_editor_adds_a_version(cast, client_for, no_broker):
    document = DocumentFactory(instance=cast.instance)
    client = client_for(cast.editor)
    file = SimpleUploadedFile("v2.txt", b"Version deux.")
    sent = client.post(UPLOAD, {"file": file, "replaces": str(document.pk)})
    assert sent.status_code == 201
    new = Document(instance=cast.instance, pk=sent.json()["id"])
    new = refreshed(new)
    assert (new.series, new.version, new.status) == (document.series, 2, "queued")
    page = strip_tags(client.get(url("detail", new)).text)
    assert "Answers use the version before until this one is ready." in " ".join(page.split())


def test_version_of_a_foreign_document_is_not_found(cast, client_for):
    foreign = DocumentFactory(instance=cast.other_instance)
    file = SimpleUploadedFile("v2.txt", b"Version deux.")
    sent = client_for(cast.editor).post(UPLOAD, {"file": file, "replaces": str(foreign.pk)})
    assert sent.status_code == 404
    assert documents(cast.other_instance) == [foreign]


def test_list_shows_the_current_version_only(cast, client_for, two):
    client = client_for(cast.teammate)
    page = client.get("/i/law/documents/").text
    assert "v2.txt" in page
    assert "v1.txt" not in page
    picked = client.get("/i/law/documents/picker/").json()["documents"]
    assert [document["name"] for document in picked] == ["v2.txt"]


def test_replaced_version_leads_to_the_current(cast, client_for, two):
    old, new = two
    page = client_for(cast.teammate).get(url("detail", old)).text
    assert "which a newer one has replaced" in " ".join(strip_tags(page).split())
    assert url("detail", new) in page
    assert url("restore", old) not in page


@pytest.mark.parametrize(("person", "outcome"), CAST)
def test_only_editor_restores_a_version(cast, client_for, two, no_broker, person, outcome):
    old, new = two
    client = client_for(getattr(cast, person))
    response = client.post(url("restore", old))
    assert response.status_code == (302 if outcome is True else outcome)
    expected = ("embedding", "ready") if outcome is True else ("superseded", "ready")
    assert (refreshed(old).status, refreshed(new).status) == expected
    if outcome is True:
        assert client.post(url("restore", new)).status_code == 404


def test_deletion_names_the_other_versions(cast, client_for, two):
    old, new = two
    client = client_for(cast.editor)
    assert "1 other version is erased" in client.get(url("delete", new)).text
    assert "other version" not in client.get(url("delete", old)).text
    client.post(url("delete", new))
    assert documents(cast.instance) == []


def test_page_says_who_reads_the_document_and_by_which_rule(cast, client_for):
    document = DocumentFactory(instance=cast.instance)
    with tenant(cast.instance):
        rule = AccessRule.objects.create(
            instance=cast.instance, audience="organisation", role=Role.MEMBER
        )
    for role in (Role.MEMBER, Role.MEMBER, Role.GUEST):
        MembershipFactory(instance=cast.instance, role=role, rule=rule)
    page = " ".join(strip_tags(client_for(cast.teammate).get(url("detail", document)).text).split())
    assert "enter as members. 2 people" in page
    assert "1 guest sees only the passages that answers cite." in page
