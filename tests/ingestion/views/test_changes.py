"""Retrying, cancelling, renaming, classifying and deleting documents from the browser."""

import json

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils.html import strip_tags
from pgvector import HalfVector

from ingestion.indexing import lexical, statistics
from ingestion.models import Chunk, Document, TermStatistics
from instances.models import AuditEntry
from instances.tenancy import tenant
from tests.factories import ChunkFactory, DocumentFactory
from tests.ingestion.views.changing import CAST, documents, url

Status = Document.Status
JSON = {"accept": "application/json"}


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
    # Rows are found by the name of the file, whatever their title becomes.
    assert 'data-name="brochure_v3_def.pdf"' in client.get(page).content.decode()
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
