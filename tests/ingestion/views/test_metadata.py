"""What people say of documents, one by one and several at once; filters by tag."""

from datetime import date

import pytest
from django.urls import reverse

from ingestion.models import MAX_TAGS, Chunk, Document
from instances.tenancy import tenant
from tests.factories import ChunkFactory, DocumentFactory
from tests.ingestion.stages import refreshed
from tests.ingestion.views.changing import CAST, url

BULK = "/i/law/documents/bulk/"
JSON = {"accept": "application/json"}
DETAILS = {
    "author": "DRH",
    "category": "circulaire",
    "dated": "2026-03-01",
    "folder": "../Droit/./RH",
    "tags": "congés,  Paie , CONGÉS",
}


@pytest.mark.parametrize(("person", "outcome"), CAST)
def test_editor_describes_a_document(cast, client_for, person, outcome):
    document = DocumentFactory(instance=cast.instance)
    client = client_for(getattr(cast, person))
    response = client.post(url("metadata", document), DETAILS)
    assert response.status_code == (302 if outcome is True else outcome)
    changed = refreshed(document)
    if outcome is not True:
        assert (changed.author, changed.tags) == ("", [])
        return
    assert (changed.author, changed.category, changed.folder) == ("DRH", "circulaire", "Droit/RH")
    assert (changed.dated, changed.tags) == (date(2026, 3, 1), ["congés", "Paie"])
    page = client.get(url("detail", document)).text
    assert 'value="congés, Paie"' in page
    assert 'value="2026-03-01"' in page


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"dated": "hier"}, "Date of the document: Enter a valid date."),
        ({"tags": "x" * 51}, "Tags: At most 20 tags, of at most 50 characters each."),
        ({"tags": ",".join(map(str, range(21)))}, "Tags: At most 20 tags"),
        ({"author": "x" * 201}, "Author: Ensure this value has at most 200 characters"),
    ],
    ids=["date", "long tag", "many tags", "long author"],
)
def test_wrong_detail_is_refused_with_its_reason(cast, client_for, wrong, message):
    document = DocumentFactory(instance=cast.instance)
    shown = client_for(cast.editor).post(url("metadata", document), DETAILS | wrong, follow=True)
    assert message in shown.text
    assert refreshed(document).author == ""


def test_selected_documents_are_moved_and_tagged(cast, client_for):
    chosen = [DocumentFactory(instance=cast.instance, tags=["Paie"]) for _ in range(2)]
    other = DocumentFactory(instance=cast.instance)
    foreign = DocumentFactory(instance=cast.other_instance)
    client = client_for(cast.editor)

    def act(action, **fields):
        ids = [str(document.pk) for document in [*chosen, foreign]]
        data = {"action": action, "document": ids, **fields}
        return client.post(BULK, data, headers=JSON).json()["message"]

    assert act("move", folder="Droit/2026") == "2 documents moved to Droit/2026."
    assert act("tag", tags="jury, paie") == "Tags added."
    assert [refreshed(one).folder for one in (*chosen, other)] == ["Droit/2026"] * 2 + [""]
    assert refreshed(chosen[0]).tags == ["Paie", "jury"]
    assert act("untag", tags="PAIE") == "Tags removed."
    assert refreshed(chosen[0]).tags == ["jury"]
    assert act("tag", tags="") == "Type a tag first."
    assert act("tag", tags="x" * 51).startswith("At most 20 tags")
    assert act("move", folder="") == "2 documents are out of their folders."
    assert (refreshed(foreign).tags, refreshed(foreign).folder) == ([], "")
    full = refreshed(chosen[0])
    with tenant(cast.instance):
        Document.objects.filter(pk=full.pk).update(tags=[str(n) for n in range(MAX_TAGS)])
    assert act("tag", tags="un de plus").startswith("Tags added, but not to 1 document")


def test_files_are_read_again(cast, client_for, no_broker):
    document = DocumentFactory(instance=cast.instance)
    ChunkFactory(instance=cast.instance, document=document)
    failed = DocumentFactory(instance=cast.instance, status="failed")
    data = {"action": "reindex", "document": [str(document.pk), str(failed.pk)]}
    answer = client_for(cast.editor).post(BULK, data, headers=JSON).json()
    assert answer["message"] == "1 document is restarted."
    assert (refreshed(document).status, refreshed(document).attempt) == ("queued", 2)
    assert refreshed(failed).status == "failed"
    with tenant(cast.instance):
        assert not Chunk.objects.exclude(terms=None).exists()


def test_list_is_filtered_by_tag_and_searched_by_details(cast, client_for):
    DocumentFactory(instance=cast.instance, name="a.txt", tags=["Congés"], author="Émile Zola")
    DocumentFactory(instance=cast.instance, name="b.txt", tags=["Paie"], category="circulaire")
    DocumentFactory(instance=cast.other_instance, name="c.txt", tags=["Ailleurs"])
    client = client_for(cast.teammate)

    def named(**query):
        page = client.get("/i/law/documents/", query).text
        return [name for name in ("a.txt", "b.txt") if name in page]

    assert named(tag="Congés") == ["a.txt"]
    assert named(q="zola") == ["a.txt"]
    assert named(q="CIRCULAIRE paie") == ["b.txt"]
    assert "Ailleurs" not in client.get("/i/law/documents/").text


def test_picker_offers_tags_with_all_their_documents(cast, client_for):
    tagged = [DocumentFactory(instance=cast.instance, tags=["Congés"]) for _ in range(2)]
    DocumentFactory(instance=cast.instance, tags=["Congés"], status="queued")
    client = client_for(cast.teammate)
    picker, group = (reverse(f"documents:{n}", args=["law"]) for n in ("picker", "picked_group"))
    found = client.get(picker, {"q": "conges"}).json()["tags"]["shown"]
    assert [(one["name"], one["note"]) for one in found] == [("Congés", "2 documents")]
    picked = client.get(group, {"tag": "Congés"}).json()["ids"]
    assert picked == [str(document.pk) for document in reversed(tagged)]
    assert client_for(cast.stranger).get(group, {"tag": "Congés"}).status_code == 404
