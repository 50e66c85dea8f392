"""The page of one document: its pages, its passages, search inside it."""

import pytest
from django.urls import reverse

from ingestion.documents.segments import Segment, fold, occurrences, split
from ingestion.documents.tables import parts
from ingestion.models import Document
from ingestion.parsing.media_types import PDF
from instances.tenancy import tenant
from tests.factories import ChunkFactory, DocumentFactory, DocumentPageFactory

TEXT = "Le greffe ouvre à neuf heures. Il ferme à midi."


@pytest.fixture
def document(cast):
    """Three pages; the passage of the second runs on to the third."""
    document = DocumentFactory(instance=cast.instance, name="Greffe.txt", pages=3, chunks=2)
    for number in (1, 2, 3):
        DocumentPageFactory(instance=cast.instance, document=document, number=number, text=TEXT)
    ChunkFactory(
        instance=cast.instance, document=document, position=0, text=TEXT[:30], heading="Horaires"
    )
    ChunkFactory(
        instance=cast.instance,
        document=document,
        position=1,
        text=TEXT[31:] + TEXT[:30],
        page_start=2,
        page_end=3,
        char_start=31,
        char_end=30,
    )
    return document


def detail(document, **query):
    return reverse("documents:detail", args=["law", document.pk], query=query)


def chosen_text(response):
    segments = [s for part in response.context["reading"].parts for s in part.segments]
    return "".join(s.text for s in segments if s.chosen)


@pytest.mark.parametrize(
    ("person", "status"),
    [("owner", 200), ("editor", 200), ("teammate", 200), ("stranger", 404)],
)
def test_only_member_can_open_document(cast, client_for, document, person, status):
    client = client_for(getattr(cast, person))
    assert client.get(detail(document)).status_code == status
    fragment = reverse("documents:page", args=["law", document.pk, 2])
    assert client.get(fragment).status_code == status


def test_document_of_another_instance_gives_404(cast, client_for):
    foreign = DocumentFactory(instance=cast.other_instance)
    assert client_for(cast.owner).get(detail(foreign)).status_code == 404


def test_page_shows_its_own_passages(cast, client_for, document):
    reading = client_for(cast.teammate).get(detail(document)).context["reading"]
    assert (reading.number, reading.previous, reading.next) == (1, None, 2)
    assert [passage.chunk.position for passage in reading.passages] == [0]


def test_labels_of_pages_are_shown_wherever_a_page_is_named(cast, client_for, document):
    with tenant(cast.instance):
        for number, label in ((2, "iv"), (3, "v")):
            document.page_set.filter(number=number).update(label=label)
    reading = client_for(cast.teammate).get(detail(document, page=2, q="midi")).context["reading"]
    assert reading.place == "Page iv"
    assert [passage.place for passage in reading.passages] == ["pages iv–v"]
    assert [hit.place for hit in reading.hits] == ["Page 1", "Page iv", "Page v"]


def test_citation_opens_page_with_passage_marked(cast, client_for, document):
    client = client_for(cast.teammate)
    passage = client.get(detail(document, page=2)).context["reading"].passages[0].chunk
    response = client.get(detail(document, chunk=passage.pk))
    assert response.context["reading"].number == 2
    assert chosen_text(response) == TEXT[31:]
    response = client.get(detail(document, chunk=passage.pk, page=3))
    assert chosen_text(response) == TEXT[:30]
    assert 'aria-current="true"' in response.content.decode()


@pytest.mark.parametrize(
    ("query", "number"),
    [({"page": 99}, 3), ({"page": "x"}, 1), ({"chunk": 10**9}, 1), ({"page": 0}, 1)],
    ids=str,
)
def test_invalid_place_gives_nearest_page(cast, client_for, document, query, number):
    response = client_for(cast.teammate).get(detail(document, **query))
    assert response.context["reading"].number == number


def test_search_inside_ignores_case_and_accents(cast, client_for, document):
    DocumentPageFactory(
        instance=cast.instance, document=document, number=4, text="La FERMETURE d'été"
    )
    response = client_for(cast.teammate).get(detail(document, q="ETE"))
    (hit,) = response.context["reading"].hits
    assert (hit.number, hit.match) == (4, "été")


def test_fragment_has_no_page_around_it(cast, client_for, document):
    response = client_for(cast.teammate).get(
        reverse("documents:page", args=["law", document.pk, 2]), {"q": "midi"}
    )
    html = response.content.decode()
    assert "<html" not in html
    assert "<mark>midi</mark>" in html


def test_pdf_viewer_loads_picture_of_page(cast, client_for):
    pdf = DocumentFactory(instance=cast.instance, media_type=PDF, name="x.pdf", pages=2)
    html = client_for(cast.teammate).get(detail(pdf)).content.decode()
    assert f'<pdf-page src="/i/law/documents/{pdf.pk}/pages/1/picture"' in html


def test_failed_document_shows_reason(cast, client_for):
    failed = DocumentFactory(
        instance=cast.instance, status=Document.Status.FAILED, error_code="image_only", pages=0
    )
    response = client_for(cast.editor).get(detail(failed), headers={"accept-language": "en"})
    html = response.content.decode()
    assert "contains only images" in html
    assert "<document-viewer" not in html


def test_text_of_document_is_escaped(cast, client_for):
    document = DocumentFactory(instance=cast.instance, pages=1)
    hostile = "<script>alert(1)</script>"
    DocumentPageFactory(instance=cast.instance, document=document, number=1, text=hostile)
    ChunkFactory(instance=cast.instance, document=document, text=hostile, heading=hostile)
    html = client_for(cast.owner).get(detail(document, q="alert")).content.decode()
    assert "<script>alert" not in html


def test_folded_text_has_same_length():
    text = "ÉCOLE œuvre ﬁn İstanbul ß नमस्ते"
    assert len(fold(text)) == len(text)
    assert fold("Élève") == "eleve"


@pytest.mark.parametrize(
    ("query", "found"),
    [("a", [(0, 1), (2, 3)]), ("", []), ("ba", [(1, 3)]), ("aa", [])],
)
def test_occurrences(query, found):
    assert occurrences("aba", query) == found


def test_text_is_split_at_chosen_span_and_hits():
    assert split("abcdef", (1, 4), "cde") == (
        Segment("a"),
        Segment("b", chosen=True),
        Segment("cd", chosen=True, hit=True),
        Segment("e", hit=True),
        Segment("f"),
    )
    assert split("abc", None, "") == (Segment("abc"),)
    assert split("", None, "x") == ()


TABLE = "Avant.\n\n| Grade | Jours |\n| --- | --- |\n| A \\| B | <b>25</b> |\n\nAprès."


def test_table_is_shown_as_table_with_its_marks(cast, client_for):
    document = DocumentFactory(instance=cast.instance, pages=1, unit=Document.Unit.SECTION)
    DocumentPageFactory(instance=cast.instance, document=document, number=1, text=TABLE)
    ChunkFactory(instance=cast.instance, document=document, text=TABLE.splitlines()[-3])
    html = client_for(cast.owner).get(detail(document, q="25")).content.decode()
    page, side = html.split('data-part="side"')
    for shown in (page, side.split('id="passages-title"')[1]):
        assert '<td dir="auto">A | B</td>' in shown
        assert '<td dir="auto">&lt;b&gt;<mark>25</mark>&lt;/b&gt;</td>' in shown
        assert "| ---" not in shown
    assert '<th dir="auto">Grade</th>' in page
    assert ">Avant.<div" in page
    assert "</div>Après.<" in page
    # Of a document in one piece, no page is turned.
    assert "page-number" not in page


def test_mark_across_cells_stays_in_cells():
    (table,) = parts(split("| ab | cd |", (3, 8), ""))
    assert table.rows == (
        ((Segment("a"), Segment("b", chosen=True)), (Segment("c", chosen=True), Segment("d"))),
    )
    assert [part.rows for part in parts(split("| a\nb |", None, ""))] == [()]
