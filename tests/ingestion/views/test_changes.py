"""Adding, retrying, cancelling and deleting documents from the browser."""

import json

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.html import strip_tags
from pgvector import HalfVector

from ingestion.indexing import lexical, statistics
from ingestion.models import Chunk, Document, TermStatistics
from instances.models import AuditEntry
from instances.tenancy import tenant
from tests.factories import ChunkFactory, DocumentFactory

Status = Document.Status
UPLOAD = "/i/law/documents/upload/"
TEXT = "Le guichet ouvre à neuf heures, du lundi au vendredi.".encode()
JSON = {"accept": "application/json"}
CAST = [("owner", True), ("editor", True), ("teammate", 403), ("stranger", 404)]


def upload(client, content=TEXT, name="horaires.txt", **fields):
    return client.post(UPLOAD, {"file": SimpleUploadedFile(name, content)} | fields)


def documents(instance):
    with tenant(instance):
        return list(Document.objects.for_instance(instance))


def url(name, document):
    return reverse(f"documents:{name}", args=["law", document.pk])


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
        "name": "Réglement.txt",
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
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "photo.pdf", 415, "unsupported_media_type"),
        (b"x" * 2_000_000, "big.txt", 413, "too_large"),
    ],
    ids=["empty", "an image named .pdf", "too large"],
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


@pytest.mark.parametrize(("person", "outcome"), CAST)
@pytest.mark.parametrize("action", ["retry", "cancel", "delete", "title"])
def test_only_editor_can_change(cast, client_for, action, person, outcome):
    document = DocumentFactory(instance=cast.instance)
    response = client_for(getattr(cast, person)).post(url(action, document))
    assert response.status_code == (302 if outcome is True else outcome)


@pytest.mark.parametrize("action", ["retry", "cancel", "delete"])
def test_document_of_another_instance_gives_404(cast, client_for, action):
    foreign = DocumentFactory(instance=cast.other_instance)
    assert client_for(cast.owner).post(url(action, foreign)).status_code == 404
    assert documents(cast.other_instance) == [foreign]


def test_edited_title_is_shown_first_and_found_by_lexical_search(cast, client_for):
    document = DocumentFactory(
        instance=cast.instance, name="brochure_v3_def.pdf", title="Microsoft Word - brochure"
    )
    vector = HalfVector([1.0, 0.0])
    ChunkFactory(instance=cast.instance, document=document, text="Le bail.", embedding=vector)
    with tenant(cast.instance):
        statistics.make_searchable(document)
    client = client_for(cast.editor)
    page, own = "/i/law/documents/", url("detail", document)
    assert "Microsoft Word" not in client.get(page).content.decode()
    client.post(url("title", document), {"title": "Règlement des thèses", "next": own})
    for address in (page, own):
        shown = strip_tags(client.get(address).content.decode())
        assert shown.index("Règlement des thèses") < shown.index("brochure_v3_def.pdf")
    (term,) = lexical.analyse("thèses")
    with tenant(cast.instance):
        frequencies = TermStatistics.objects.for_instance(cast.instance).filter(term=term)
        assert [row.document_frequency for row in frequencies] == [1]


@pytest.mark.parametrize(("person", "outcome"), CAST)
def test_editor_raises_the_sensitivity_which_is_audited(cast, client_for, person, outcome):
    document = DocumentFactory(instance=cast.instance)
    client, address = client_for(getattr(cast, person)), url("sensitivity", document)
    response = client.post(address, {"sensitivity": "restricted"})
    assert response.status_code == (302 if outcome is True else outcome)
    with tenant(cast.instance):
        document.refresh_from_db()
        entries = list(AuditEntry.objects.filter(action="document.classified"))
    assert document.level == ("restricted" if outcome is True else "internal")
    if outcome is not True:
        assert entries == []
        return
    assert [entry.detail for entry in entries] == [{"sensitivity": ["internal", "restricted"]}]
    assert "Restricted" in client.get("/i/law/documents/").text
    # Never below that of the instance.
    client.post(address, {"sensitivity": "public"})
    with tenant(cast.instance):
        document.refresh_from_db()
    assert (document.level, document.sensitivity) == ("internal", "")
    assert client.post(address, {"sensitivity": "x"}).status_code == 302


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
    assert send(TEXT, ready) == 404
    assert send(TEXT, failed) == 201
    (new,) = [document for document in documents(cast.instance) if document.pk != ready.pk]
    assert (new.name, new.folder, new.status) == ("texte.txt", "Droit", Status.QUEUED)
    assert not default_storage.exists(failed.file.name)


def test_retry_restarts_only_failed_documents(cast, client_for):
    failed = DocumentFactory(instance=cast.instance, status=Status.FAILED, error_code="corrupt")
    ready = DocumentFactory(instance=cast.instance)
    client = client_for(cast.editor)
    for document in (failed, ready):
        assert client.post(url("retry", document), headers=JSON).status_code == 200
    states = {document.pk: document.status for document in documents(cast.instance)}
    assert states == {failed.pk: Status.QUEUED, ready.pk: Status.READY}


def test_cancel_stops_unfinished_document(cast, client_for):
    document = DocumentFactory(instance=cast.instance, status=Status.PARSING)
    client_for(cast.editor).post(url("cancel", document))
    (document,) = documents(cast.instance)
    assert (document.status, document.error_code) == (Status.FAILED, "cancelled")


def test_confirmation_shows_what_is_deleted(cast, client_for):
    document = DocumentFactory(instance=cast.instance, name="Acte.txt", chunks=12)
    client = client_for(cast.editor)
    english = {"accept-language": "en"}
    page = client.get(url("delete", document), headers=english).content.decode()
    assert "Acte.txt" in page
    assert "12 passages" in page
    dialog = client.get(url("delete", document), headers=english | {"x-fragment": "dialog"})
    assert "<html" not in dialog.content.decode()
    assert documents(cast.instance) == [document]


@pytest.mark.django_db(transaction=True)
def test_deletion_removes_passages_and_file(cast, client_for):
    document = DocumentFactory(instance=cast.instance)
    ChunkFactory(instance=cast.instance, document=document)
    path = document.file.name
    response = client_for(cast.editor).post(url("delete", document))
    assert response.url == "/i/law/documents/"
    assert documents(cast.instance) == []
    with tenant(cast.instance):
        assert not Chunk.objects.exists()
    assert not default_storage.exists(path)


def test_bulk_deletion_is_confirmed_first(cast, client_for):
    chosen = [DocumentFactory(instance=cast.instance) for _ in range(7)]
    kept = DocumentFactory(instance=cast.instance)
    client = client_for(cast.editor)
    bulk = reverse("documents:bulk", args=["law"])
    form = {"action": "delete", "document": [str(document.pk) for document in chosen]}
    page = client.post(bulk, form, headers={"accept-language": "en"}).content.decode()
    assert "Delete 7 documents?" in page
    assert "and 2 others" in page
    assert len(documents(cast.instance)) == 8
    response = client.post(bulk, form | {"confirmed": "1"}, headers=JSON)
    assert "7" in response.json()["message"]
    assert documents(cast.instance) == [kept]


def test_bulk_action_on_all_takes_what_matches_on_every_page(cast, client_for):
    ticked, other = (DocumentFactory(instance=cast.instance, name=f"acte-{n}") for n in "ab")
    kept = DocumentFactory(instance=cast.instance, name="bail")
    form = {"action": "delete", "document": str(ticked.pk), "all": "1", "q": "acte"}
    bulk = reverse("documents:bulk", args=["law"])
    page = client_for(cast.editor).post(bulk, form, headers={"accept-language": "en"})
    assert "Delete 2 documents?" in page.content.decode()
    assert str(other.pk) in page.content.decode()
    client_for(cast.editor).post(bulk, form | {"confirmed": "1"})
    assert documents(cast.instance) == [kept]


def test_bulk_retry_restarts_only_failed_documents(cast, client_for):
    failed = DocumentFactory(instance=cast.instance, status=Status.FAILED)
    ready = DocumentFactory(instance=cast.instance)
    foreign = DocumentFactory(instance=cast.other_instance, status=Status.FAILED)
    form = {"action": "retry", "document": [str(d.pk) for d in (failed, ready, foreign)]}
    client_for(cast.editor).post(reverse("documents:bulk", args=["law"]), form)
    states = {document.pk: document.status for document in documents(cast.instance)}
    assert states == {failed.pk: Status.QUEUED, ready.pk: Status.READY}
    assert documents(cast.other_instance)[0].status == Status.FAILED


@pytest.mark.parametrize(("person", "outcome"), CAST)
def test_only_editor_can_change_in_bulk(cast, client_for, person, outcome):
    document = DocumentFactory(instance=cast.instance)
    form = {"action": "delete", "document": [str(document.pk)], "confirmed": "1"}
    client = client_for(getattr(cast, person))
    response = client.post(reverse("documents:bulk", args=["law"]), form)
    assert response.status_code == (302 if outcome is True else outcome)


@pytest.mark.parametrize("ids", [[], ["nonsense"]], ids=["none", "nonsense"])
def test_bulk_without_document_has_message(cast, client_for, ids):
    form = {"action": "delete", "document": ids, "confirmed": "1"}
    response = client_for(cast.editor).post(
        reverse("documents:bulk", args=["law"]), form, follow=True
    )
    assert [message.level_tag for message in response.context["messages"]] == ["warning"]


def test_redirect_stays_on_site(cast, client_for):
    document = DocumentFactory(instance=cast.instance, status=Status.FAILED)
    client = client_for(cast.editor)
    response = client.post(url("retry", document), {"next": "https://elsewhere.example/"})
    assert response.url == "/i/law/documents/"
    response = client.post(url("retry", document), {"next": "/i/law/documents/?status=failed"})
    assert response.url == "/i/law/documents/?status=failed"


def test_page_contains_strings_for_scripts(cast, client_for):
    page = client_for(cast.editor).get("/i/law/documents/").content.decode()
    block = page.split('<script id="strings" type="application/json">')[1].split("</script>")[0]
    assert {"tooLarge", "progress.one", "progress.other"} <= set(json.loads(block))
