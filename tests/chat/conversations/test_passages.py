"""The page on which a quoted passage begins."""

import pytest

from chat.conversations.passages import page_of_quote
from chat.models import Citation
from instances.tenancy import tenant
from tests.cast import Cast
from tests.factories import DocumentFactory, DocumentPageFactory

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
        DocumentPageFactory(instance=cast.instance, document=document, number=number, text=text)
    with tenant(cast.instance):
        found = page_of_quote(
            Citation(document_id=document.pk, page_start=4, page_end=6, quote=quote)
        )
    assert found == page
