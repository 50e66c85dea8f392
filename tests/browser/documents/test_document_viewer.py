"""The viewer of a document in a real browser: paging, passages on the rendered page."""

import re

import pytest
from playwright.sync_api import expect

from ingestion.models import Document
from ingestion.parsing.media_types import PDF, PNG
from instances.tenancy import tenant
from tests.factories import (
    ChunkFactory,
    DocumentFactory,
    DocumentPageFactory,
)
from tests.ingestion.factories import ScannedPageFactory
from tests.ingestion.pdf_writer import Page, write_pdf
from tests.ingestion.recognition.scan_writer import image_bytes, letter

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SENTENCES = (
    "The registry opens at nine every morning of the week.",
    "Doctoral students enrol before the fifteenth of October.",
    "A lost card is replaced free of charge within two days.",
)


def make_document(instance, media_type, content, **values):
    """A document of one sentence a page, each a passage; with its chunks."""
    document = DocumentFactory(
        instance=instance,
        media_type=media_type,
        content=content,
        pages=len(SENTENCES),
        chunks=len(SENTENCES),
        **values,
    )
    chunks = []
    for number, sentence in enumerate(SENTENCES, 1):
        DocumentPageFactory(instance=instance, document=document, number=number, text=sentence)
        chunks.append(
            ChunkFactory(
                instance=instance,
                document=document,
                position=number - 1,
                text=sentence,
                page_start=number,
                page_end=number,
            )
        )
    return document, chunks


@pytest.fixture
def pdf(people, tmp_path):
    pages = [Page().text(72, 700, sentence) for sentence in SENTENCES]
    content = write_pdf(tmp_path / "guide.pdf", pages).read_bytes()
    return make_document(people.instance, PDF, content, name="Guide.pdf")


@pytest.fixture
def text(people):
    content = "\n".join(SENTENCES).encode()
    return make_document(people.instance, "text/plain", content, name="Guide.txt")


def url(document, query=""):
    return f"/i/law/documents/{document.pk}/{query}"


def test_citation_opens_rendered_page_with_highlighted_words(people, page_for, axe, pdf):
    document, chunks = pdf
    page = page_for(people.teammate, locale="en-GB")
    page.goto(url(document, f"?chunk={chunks[1].pk}"))
    expect(page.locator("pdf-page img")).to_be_visible()
    expect(page.locator(".pdf-mark").first).to_be_visible()
    expect(page.locator("#page-number")).to_have_value("2")
    expect(page.locator('.viewer-passage[aria-current="true"]')).to_contain_text(
        "Doctoral students"
    )
    assert axe(page) == []
    page.get_by_role("button", name="Extracted text").click()
    expect(page.locator("pdf-page")).to_be_hidden()
    expect(page.locator(".viewer-chosen")).to_have_text(SENTENCES[1])


def test_citation_of_an_image_opens_it_with_highlighted_words(people, page_for, axe, tmp_path):
    content = image_bytes(letter(tmp_path, SENTENCES[0]), "PNG")
    of = {"instance": people.instance}
    document = DocumentFactory(name="Door.png", media_type=PNG, content=content, **of)
    sentence = "The registry opens"
    ScannedPageFactory(document=document, number=1, words=sentence.split(), **of)
    DocumentPageFactory(document=document, number=1, text=sentence, ocr_confidence=91, **of)
    chunk = ChunkFactory(document=document, text=sentence, **of)
    page = page_for(people.teammate, locale="en-GB")
    page.goto(url(document, f"?chunk={chunk.pk}"))
    expect(page.locator("pdf-page img")).to_be_visible()
    expect(page.locator(".pdf-mark").first).to_be_visible()
    expect(page.get_by_text("Read by OCR (91%)")).to_be_visible()
    assert axe(page) == []


def test_cited_words_are_readable_and_in_view_at_every_zoom(people, page_for, tmp_path):
    small = Page().text(330, 60, SENTENCES[1], size=7)
    content = write_pdf(tmp_path / "small.pdf", [small]).read_bytes()
    document = DocumentFactory(instance=people.instance, media_type=PDF, content=content)
    chunk = ChunkFactory(instance=people.instance, document=document, text=SENTENCES[1])
    page = page_for(people.teammate, locale="en-GB", height=600)
    page.goto(url(document, f"?chunk={chunk.pk}"))
    mark = page.locator(".pdf-mark")
    expect(mark).to_be_in_viewport()
    assert mark.bounding_box()["height"] >= 14
    for zoom in ("Larger", "Larger", "Smaller"):
        before = mark.evaluate("mark => getComputedStyle(mark).height")
        page.get_by_role("button", name=zoom).click()
        expect(mark).not_to_have_css("height", before)
        expect(mark).to_be_in_viewport()


def test_paging_updates_the_address_without_reload(people, page_for, text):
    document, _ = text
    page = page_for(people.teammate, locale="en-GB")
    page.goto(url(document))
    page.evaluate("window.same = true")
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".viewer-text")).to_have_text(SENTENCES[1])
    expect(page.get_by_role("link", name="Next")).to_be_focused()
    expect(page).to_have_url(re.compile(r"\?page=2$"))
    expect(page.locator("#viewer-status")).to_have_text("Page 2")
    page.go_back()
    expect(page.locator(".viewer-text")).to_have_text(SENTENCES[0])
    page.locator("#main").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#page-number")).to_have_value(re.compile("[23]"))
    page.locator("#page-number").fill("3")
    page.locator("#page-number").press("Enter")
    expect(page.locator(".viewer-text")).to_have_text(SENTENCES[2])
    assert page.evaluate("window.same")


def test_search_inside_a_document_opens_the_matching_page(people, page_for, axe, text):
    document, _ = text
    page = page_for(people.teammate, locale="en-GB")
    page.goto(url(document))
    search = page.get_by_role("searchbox", name="Search in this document")
    search.fill("OCTOBER")
    search.press("Enter")
    hit = page.locator(".hit")
    expect(hit).to_contain_text("fifteenth of October")
    expect(search).to_be_focused()
    hit.click()
    expect(page.locator(".viewer-text mark")).to_have_text("October")
    assert axe(page) == []


def test_viewer_opens_when_ingestion_finishes(people, page_for, text):
    document, _ = text
    with tenant(people.instance):
        Document.objects.filter(pk=document.pk).update(status="queued", pages=0)
    page = page_for(people.teammate, locale="en-GB")
    page.goto(url(document))
    expect(page.get_by_text("Waiting its turn")).to_be_visible()
    with tenant(people.instance):
        document.refresh_from_db()
        document.status, document.pages = "ready", 3
        document.save()
    expect(page.locator(".viewer-text")).to_have_text(SENTENCES[0])


def test_unrenderable_pdf_shows_its_text(people, page_for):
    document, _ = make_document(people.instance, PDF, b"%PDF-1.4 broken", name="Broken.pdf")
    page = page_for(people.teammate)
    page.goto(url(document))
    expect(page.locator(".viewer-text")).to_be_visible()
    expect(page.locator(".viewer-text")).to_have_text(SENTENCES[0])


def test_deletion_redirects_to_the_list(people, page_for, text):
    document, _ = text
    page = page_for(people.editor, locale="en-GB")
    page.goto(url(document))
    page.get_by_role("link", name="Delete this document").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page).to_have_url(re.compile("/i/law/documents/$"))
    expect(page.get_by_text("1 document deleted")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390, 320])
def test_viewer_is_accessible(people, page_for, axe, pdf, width, scheme):
    document, chunks = pdf
    page = page_for(people.editor, width=width, scheme=scheme)
    page.goto(url(document, f"?chunk={chunks[2].pk}&q=card"))
    expect(page.locator("pdf-page img")).to_be_visible()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("width", "height"), [(320, 568), (720, 450)], ids=["phone", "zoom"])
def test_small_window_clips_nothing(pdf, people, page_for, width, height):
    document, _chunks = pdf
    page = page_for(people.owner, locale="fr-FR", width=width, height=height)
    for address in ("/i/law/", "/i/law/documents/", url(document), "/i/law/settings/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.goto(url(document))
    back = page.locator(".viewer-back").bounding_box()
    download = page.get_by_role("link", name="Télécharger").bounding_box()
    assert back["x"] + back["width"] <= download["x"]
