"""A page of a PDF file as a picture, and where its words stand in it."""

import os
import time
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.core.files.storage import default_storage
from PIL import Image

from ingestion import uploads
from ingestion.documents import page_pictures, picture_cache
from ingestion.models import Document
from ingestion.parsing.drawn_pages import PARTS
from ingestion.parsing.media_types import JPEG, PDF, PNG
from ingestion.recovery import orphans
from instances.tenancy import tenant
from tests.cast import make_cast
from tests.factories import DocumentFactory
from tests.ingestion.factories import ScannedPageFactory
from tests.ingestion.pdf_writer import Page, write_objects, write_pdf

PIXEL_STEPS = {"?width=700": 960, "": 640, "?width=-1": 640, "?width=99999": 3240}


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


def image_document(cast, kind: str, media_type: str, mode: str = "RGB") -> Document:
    """An image of 300 by 400 pixels, black in its upper left quarter."""
    image = Image.new("RGB", (300, 400), "white")
    image.paste("black", (0, 0, 150, 200))
    file = BytesIO()
    image.convert(mode).save(file, kind)
    return DocumentFactory(
        instance=cast.instance, media_type=media_type, content=file.getvalue(), pages=1
    )


@pytest.mark.parametrize(
    ("kind", "media_type", "mode"),
    [("PNG", PNG, "RGB"), ("PNG", PNG, "1"), ("PNG", PNG, "RGBA"), ("JPEG", JPEG, "CMYK")],
)
async def test_image_is_shown_as_its_only_page(cast, async_client_for, kind, media_type, mode):
    image = await sync_to_async(image_document)(cast, kind, media_type, mode)
    client = await sync_to_async(async_client_for)(cast.teammate)
    response = await client.get(url(image, 1, "picture", "?width=960"))
    picture = Image.open(BytesIO(response.content)).convert("L")
    assert picture.size == (960, 1280)
    assert picture.getpixel((240, 320)) < 30
    assert picture.getpixel((720, 960)) > 225
    assert (await client.get(url(image, 2, "picture"))).status_code == 404


async def test_words_of_a_scan_are_those_that_ocr_read(cast, pdf, async_client_for):
    def prepare():
        image = image_document(cast, "PNG", PNG)
        for document in (image, pdf):
            ScannedPageFactory(instance=cast.instance, document=document, number=1)
        return image, async_client_for(cast.teammate), async_client_for(cast.stranger)

    image, teammate, stranger = await sync_to_async(prepare)()
    for document in (image, pdf):
        data = (await teammate.get(url(document, 1, "words"))).json()
        assert data["ratio"] == pytest.approx(842 / 595)
        assert data["words"][0] == ["The", 1000, 1000, 800, 100]
        assert (await stranger.get(url(document, 1, "words"))).status_code == 404
    assert (await teammate.get(url(image, 2, "words"))).status_code == 404
    assert [word[0] for word in (await teammate.get(url(pdf, 2, "words"))).json()["words"]] == [
        "Turned"
    ]


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


def kept_pictures(document: Document) -> list[Path]:
    """The pictures of a document in the storage."""
    folder = Path(default_storage.path(f"{document.instance_id}/pictures/{document.pk}"))
    return sorted(folder.iterdir()) if folder.exists() else []


async def test_page_is_drawn_once_for_all_readers(cast, pdf, async_client_for, monkeypatch):
    teammate = await sync_to_async(async_client_for)(cast.teammate)
    editor = await sync_to_async(async_client_for)(cast.editor)
    first = await teammate.get(url(pdf, 1, "picture"))

    def draw(*_arguments, **_options):
        raise AssertionError("drawn again")

    monkeypatch.setattr(page_pictures, "run_in_child", draw)
    assert (await editor.get(url(pdf, 1, "picture"))).content == first.content
    assert len(kept_pictures(pdf)) == 1
    with pytest.raises(AssertionError):
        await editor.get(url(pdf, 1, "picture", "?width=960"))


async def test_picture_of_a_killed_process_is_drawn_again(cast, pdf, async_client_for):
    client = await sync_to_async(async_client_for)(cast.teammate)
    whole = (await client.get(url(pdf, 1, "picture"))).content
    (path,) = kept_pictures(pdf)
    for beginning in (b"", whole[:5], whole[:-1]):
        path.write_bytes(beginning)
        assert (await client.get(url(pdf, 1, "picture"))).content == whole
        assert path.read_bytes() == whole


async def test_number_of_pictures_of_a_document_is_limited(
    cast, pdf, async_client_for, monkeypatch
):
    monkeypatch.setattr(picture_cache, "MAX_PICTURES", 2)
    client = await sync_to_async(async_client_for)(cast.teammate)
    for query in ("", "?width=960", "?width=1440"):
        assert (await client.get(url(pdf, 1, "picture", query))).status_code == 200
        assert 1 <= len(kept_pictures(pdf)) <= 2


async def test_pictures_are_deleted_with_their_document_or_when_old(cast, pdf, async_client_for):
    client = await sync_to_async(async_client_for)(cast.teammate)

    def make_old(age: timedelta) -> None:
        then = time.time() - age.total_seconds()
        for path in kept_pictures(pdf):
            os.utime(path, (then, then))

    await client.get(url(pdf, 1, "picture"))
    await sync_to_async(make_old)(0.9 * orphans.PICTURES_KEPT)
    await sync_to_async(orphans.delete_orphans)()
    assert kept_pictures(pdf)
    await sync_to_async(make_old)(1.1 * orphans.PICTURES_KEPT)
    await sync_to_async(orphans.delete_orphans)()
    assert not kept_pictures(pdf)

    await client.get(url(pdf, 1, "picture"))
    (path,) = kept_pictures(pdf)

    def delete() -> None:
        with tenant(cast.instance):
            uploads.delete(pdf)

    await sync_to_async(delete)()
    assert not path.parent.exists()
    # A reader's picture was drawn while the document was deleted.
    path.parent.mkdir()
    path.write_bytes(b"RIFF")
    await sync_to_async(orphans.delete_orphans)()
    assert not path.parent.exists()
