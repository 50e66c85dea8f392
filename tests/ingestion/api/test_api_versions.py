"""``/api/v1``: versions and metadata of documents, for programs."""

from collections.abc import Callable

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.cast import Cast
from tests.factories import DocumentFactory
from tests.ingestion.api.client import URL


def test_version_is_added_listed_and_restored(
    cast: Cast, with_key: Callable[..., Client], no_broker: None
) -> None:
    client = with_key(cast.instance)
    old = DocumentFactory(instance=cast.instance, status="superseded")
    new = DocumentFactory(instance=cast.instance, series=old.series, version=2)
    listed = client.get(URL).json()
    assert [document["id"] for document in listed] == [str(new.pk)]
    versions = f"{URL}/{new.pk}/versions"
    file = SimpleUploadedFile("v3.txt", b"Version trois.")
    added = client.post(versions, {"file": file})
    assert (added.status_code, added.json()["version"]) == (201, 3)
    assert [one["version"] for one in client.get(versions).json()] == [3, 2, 1]
    restored = client.post(f"{URL}/{old.pk}/restore")
    assert (restored.status_code, restored.json()["status"]) == (200, "embedding")
    refused = client.post(f"{URL}/{new.pk}/restore")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_replaced")


def test_metadata_is_changed_where_it_is_given(cast: Cast, with_key: Callable[..., Client]) -> None:
    document = DocumentFactory(instance=cast.instance, author="DRH", folder="Droit")
    client = with_key(cast.instance)

    def patch(**changes: object) -> dict[str, object]:
        sent = client.patch(f"{URL}/{document.pk}", changes, content_type="application/json")
        return sent.json() | {"status_code": sent.status_code}

    changed = patch(tags=["Paie", "paie", " a  b "], dated="2026-03-01", title="Congés")
    assert (changed["tags"], changed["dated"], changed["title"]) == (
        ["Paie", "a b"],
        "2026-03-01",
        "Congés",
    )
    assert (changed["author"], changed["folder"]) == ("DRH", "Droit")
    assert patch(dated=None)["dated"] is None
    assert patch(author="D\x00R\u200bH")["author"] == "DRH"
    assert patch(tags=["x" * 51])["status_code"] == 422
    assert [one["title"] for one in client.get(URL, {"tag": "Paie"}).json()] == ["Congés"]


def test_document_names_the_one_in_whose_file_it_was(
    cast: Cast, with_key: Callable[..., Client]
) -> None:
    mail = DocumentFactory(instance=cast.instance, name="mail.eml")
    DocumentFactory(instance=cast.instance, name="plan.pdf", attached_to=mail.series)
    listed = {one["name"]: one for one in with_key(cast.instance).get(URL).json()}
    assert listed["plan.pdf"]["attached_to"] == listed["mail.eml"]["series"] == str(mail.series)
    assert listed["mail.eml"]["attached_to"] is None


def test_versions_and_metadata_are_those_of_the_key(
    cast: Cast, with_key: Callable[..., Client]
) -> None:
    foreign = DocumentFactory(instance=cast.other_instance, status="superseded")
    client, chat = with_key(cast.instance), with_key(cast.instance, "chat")
    file = SimpleUploadedFile("v2.txt", b"Version deux.")
    own = DocumentFactory(instance=cast.instance, status="superseded")
    for document, key, status in ((foreign, client, 404), (own, chat, 403)):
        url = f"{URL}/{document.pk}"
        sent = [
            key.post(f"{url}/versions", {"file": file}),
            key.post(f"{url}/restore"),
            key.patch(url, {"author": "x"}, content_type="application/json"),
        ]
        assert [one.status_code for one in sent] == [status] * 3
    assert client.get(f"{URL}/{foreign.pk}/versions").status_code == 404
