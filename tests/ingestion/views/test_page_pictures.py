"""A page of a PDF file as a picture, and where its words stand in it."""

from io import BytesIO

import pytest
from asgiref.sync import sync_to_async
from PIL import Image

from ingestion.models import Document
from ingestion.parsing.drawn_pages import PARTS
from ingestion.parsing.media_types import PDF
from ingestion.sandbox import close_zygote
from tests.cast import make_cast
from tests.factories import DocumentFactory
from tests.ingestion.pdf_writer import Page, write_objects, write_pdf

PIXEL_STEPS = {"?width=700": 960, "": 640, "?width=-1": 640, "?width=99999": 3240}


@pytest.fixture(autouse=True, scope="module")
def no_zygote_left():
    yield
    close_zygote()


@pytest.fixture
def cast(transactional_db):
    return make_cast()


@pytest.fixture
def pdf(cast, tmp_path) -> Document:
    """Two pages; the second is turned, so that its text is read from the bottom up."""
    pages = [Page().text(59.5, 421, "The registry opens"), Page().text(100, 100, "Turned")]
    path = write_pdf(tmp_path / "guide.pdf", pages)
    content = path.read_bytes().replace(b"/Contents 6 0 R", b"/Rotate 90 /Contents 6 0 R")
    path.write_bytes(content)
    return DocumentFactory(instance=cast.instance, media_type=PDF, content=content, pages=2)


def url(document: Document, number: int, part: str, query: str = "") -> str:
    return f"/i/law/documents/{document.pk}/pages/{number}/{part}{query}"


async def test_page_is_drawn_in_few_widths_and_cached(cast, pdf, async_client_for):
    client = await sync_to_async(async_client_for)(cast.teammate)
    for query, width in PIXEL_STEPS.items():
        response = await client.get(url(pdf, 1, "picture", query))
        assert response["Content-Type"] == "image/webp"
        picture = Image.open(BytesIO(response.content))
        assert picture.width == pytest.approx(width, abs=2)
        assert picture.height / picture.width == pytest.approx(842 / 595, abs=0.01)
        # Dark on white, in the middle of the page at the left.
        assert min(picture.convert("L").tobytes()) < 60
        assert picture.getpixel((5, 5)) == (255, 255, 255)
    assert response["Cache-Control"] == "private, no-cache"
    again = await client.get(
        url(pdf, 1, "picture", query), headers={"If-None-Match": response["ETag"]}
    )
    assert again.status_code == 304


async def test_words_have_their_place_in_the_page_as_shown(cast, pdf, async_client_for):
    client = await sync_to_async(async_client_for)(cast.teammate)
    data = (await client.get(url(pdf, 1, "words"))).json()
    assert data["ratio"] == pytest.approx(842 / 595)
    words = {text: box for text, *box in data["words"]}
    assert list(words) == ["The", "registry", "opens"]
    left, top, width, height = words["The"]
    assert left == pytest.approx(PARTS / 10, abs=30)
    assert top < PARTS / 2 < top + height + 30
    assert 200 < width < 500

    turned = (await client.get(url(pdf, 2, "words"))).json()
    assert turned["ratio"] == pytest.approx(595 / 842)
    ((text, left, top, width, height),) = turned["words"]
    assert (text, height > width) == ("Turned", True)
    assert left == pytest.approx(PARTS * 100 / 842, abs=150)


@pytest.mark.parametrize("part", ["picture", "words"])
async def test_pages_are_for_members_and_exist(cast, pdf, async_client_for, part, tmp_path):
    def prepare():
        broken = write_objects(tmp_path / "broken.pdf", [b"<<"]).read_bytes()
        law = {"instance": cast.instance}
        others = [DocumentFactory(**law), DocumentFactory(media_type=PDF, content=broken, **law)]
        return others, async_client_for(cast.teammate), async_client_for(cast.stranger)

    (text, broken), teammate, stranger = await sync_to_async(prepare)()
    for missing in (url(pdf, 3, part), url(pdf, 0, part), url(text, 1, part), url(broken, 1, part)):
        assert (await teammate.get(missing)).status_code == 404
    assert (await stranger.get(url(pdf, 1, part))).status_code == 404
