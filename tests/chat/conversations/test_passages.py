"""A cited passage: the page on which its quote begins, and its text with tables."""

import pytest

from chat.conversations.passages import CONTEXT_CHARS, page_of_quote, show_passage
from chat.models import Citation
from ingestion.templatetags.documents import as_html
from instances.tenancy import tenant
from tests.cast import Cast
from tests.factories import CitationFactory, DocumentFactory, DocumentPageFactory

PAGES = {
    4: "Le titre du chapitre. Une phrase de la quatrième page qui court",
    5: "jusqu'à la suivante. Une phrase\nentière de la cinquième page.",
    6: "La conclusion est en sixième page.",
}


@pytest.mark.parametrize(
    ("quote", "page"),
    [
        ("Le titre du chapitre.", 4),
        ("Une phrase de la quatrième page qui court jusqu'à la suivante.", 4),
        ("Une phrase entière de la cinquième page.", 5),
        ("La conclusion est en sixième page.", 6),
        ("Des mots d'ailleurs.", 4),
        ("", 4),
    ],
    ids=["first", "continued on the next page", "middle", "last", "elsewhere", "empty"],
)
def test_page_of_a_quote_is_found(cast: Cast, quote: str, page: int) -> None:
    document = DocumentFactory(instance=cast.instance)
    for number, text in PAGES.items():
        DocumentPageFactory(
            instance=cast.instance,
            document=document,
            number=number,
            label=f"label {number}",
            text=text,
        )
    with tenant(cast.instance):
        found = page_of_quote(
            Citation(
                document_id=document.pk,
                page_start=4,
                page_end=6,
                page_label="label 4",
                quote=quote,
            )
        )
    assert found == (page, f"label {page}")


ROWS = [f"| Ligne {number} | {number} jours |" for number in range(60)]
TABLE = "\n".join(["| Statut | Congés |", "| --- | --- |", *ROWS])


def html_of(cast: Cast, page: str, text: str, quote: str) -> str:
    """What the panel shows of a passage of a page."""
    document = DocumentFactory(instance=cast.instance)
    DocumentPageFactory(instance=cast.instance, document=document, number=1, text=page)
    start = page.index(text)
    citation = CitationFactory(
        instance=cast.instance,
        document=document,
        text=text,
        quote=quote,
        page_start=1,
        page_end=1,
        char_start=start,
        char_end=start + len(text),
    )
    with tenant(cast.instance):
        passage = show_passage(citation.message, citation.number, cited_only=False)
    assert passage is not None
    return str(as_html(passage.parts))


def test_table_of_a_passage_is_shown_as_a_table(cast: Cast) -> None:
    text = "Avant <b>\n\n| Statut | Congés |\n| --- | --- |\n| <i>ATER</i> | 25 jours |\n\nAprès"
    html = html_of(cast, text, text, "25 jours")
    assert "Avant &lt;b&gt;" in html
    assert '<th dir="auto">Statut</th><th dir="auto">Congés</th>' in html
    assert '<td dir="auto">&lt;i&gt;ATER&lt;/i&gt;</td>' in html
    assert '<td dir="auto"><mark>25 jours</mark></td>' in html
    assert "|" not in html


def test_quote_of_a_whole_row_is_marked_in_its_cells(cast: Cast) -> None:
    html = html_of(cast, TABLE, TABLE, ROWS[1])
    assert '<td dir="auto"><mark>Ligne 1</mark></td>' in html
    assert '<td dir="auto"><mark>1 jours</mark></td>' in html
    assert html.count("<mark>") == 2


def test_context_of_a_table_has_whole_rows(cast: Cast) -> None:
    html = html_of(cast, TABLE, ROWS[30], "30 jours")
    assert "<mark>30 jours</mark>" in html
    assert "|" not in html
    assert html.startswith('<span class="passage-context">…')
    assert html.endswith("…</span>")
    rows = html.count("<tr>")
    assert rows == html.count("</tr>")
    assert 10 < rows < 2 * CONTEXT_CHARS / len(ROWS[30])
