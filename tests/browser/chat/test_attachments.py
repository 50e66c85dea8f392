"""Files attached to a conversation in a browser: a journey, and what is pasted or dropped."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Page, expect

from ingestion.attempts.locking import Attempt
from ingestion.models import Document
from ingestion.pipeline import ingest_document
from instances.tenancy import tenant
from tests.browser.chat.asking import CHAT, ask, finished
from tests.browser.documents.listing import DROP
from tests.cast import Cast
from tests.ingestion.pdf_writer import Page as PdfPage
from tests.ingestion.pdf_writer import write_pdf
from tests.scripted_llm import stream

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "convention de stage.pdf"
QUESTION = "Quelle est la gratification du stage ?"
PASTE = """text => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  document.querySelector("chat-composer textarea").dispatchEvent(
    new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""


def convention(folder: Path) -> Path:
    page = PdfPage().lines(
        60,
        760,
        "Convention de stage",
        "La gratification du stage est de six cent soixante euros par mois.",
        "Elle est versée à la fin de chaque mois par l'université.",
    )
    return write_pdf(folder / NAME, [page])


def read_attachments(library: Cast) -> None:
    with tenant(library.instance):
        documents = list(Document.with_attachments.exclude(conversation=None))
    for document in documents:
        ingest_document(Attempt.of(document))


def files_on_disk(library: Cast) -> set[str]:
    folder = Path(django_settings.MEDIA_ROOT) / str(library.instance.pk)
    return {path.name for path in folder.rglob("*") if path.is_file()}


def attachments(page: Page) -> Any:
    return page.locator(".attachment")


@pytest.mark.parametrize(
    ("locale", "scheme", "width"),
    [("en-GB", "light", 1440), ("fr-FR", "dark", 390)],
    ids=["English, light, wide", "French, dark, narrow"],
)
def test_attached_pdf_answers_its_citation_opens_and_it_goes_with_the_conversation(
    library, llm, page_for, axe, tmp_path, locale, scheme, width
):
    before = files_on_disk(library)
    llm.script(stream("La gratification est de six cent soixante euros par mois [1]."))
    page = page_for(library.teammate, locale=locale, scheme=scheme, width=width)
    page.goto(CHAT)
    with page.expect_file_chooser() as chooser:
        page.locator("[data-attach]").click()
    chooser.value.set_files([convention(tmp_path)])
    expect(attachments(page)).to_contain_text(NAME)
    page.wait_for_url(re.compile(r"/i/law/c/[-0-9a-f]+/$"))
    ask(page, QUESTION)
    waiting = page.locator("chat-attachments [data-waiting]")
    expect(waiting).to_be_visible()
    assert axe(page) == []
    expect(page.locator("chat-answer")).to_have_count(0)
    read_attachments(library)
    answer = finished(page)
    expect(waiting).to_be_hidden()
    expect(attachments(page).locator("a")).to_have_attribute("href", re.compile("/documents/"))
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    answer.locator(".cite").first.click()
    panel = page.locator("citation-panel dialog")
    expect(panel).to_contain_text("six cent soixante euros")
    panel.locator(".passage-actions a").first.click()
    expect(page.locator("h1")).to_contain_text("stage")
    expect(page.locator(".viewer-notice")).to_contain_text(QUESTION)
    assert axe(page) == []
    page.locator(".viewer-back").click()
    expect(attachments(page)).to_contain_text(NAME)
    key = page.locator("chat-app").get_attribute("data-conversation")
    page.goto(f"/i/law/c/{key}/delete/")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(lambda url: key not in url)
    assert files_on_disk(library) == before


def test_long_paste_is_attached_unless_it_is_wanted_as_text(library, page_for):
    page = page_for(library.teammate, locale="en-GB")
    page.goto(CHAT)
    page.evaluate(PASTE, "Un mot. " * 600)
    expect(attachments(page)).to_contain_text("Pasted text – Un mot.")
    page.get_by_role("button", name="Insert it as text").click()
    expect(attachments(page)).to_have_count(0)
    expect(page.locator("chat-composer textarea")).to_have_value("Un mot. " * 600)
    page.evaluate(PASTE, "Court.")
    expect(attachments(page)).to_have_count(0)


def test_drop_is_attached_and_a_refused_file_says_why(library, page_for, axe):
    page = page_for(library.editor, locale="en-GB")
    page.goto(CHAT)
    page.evaluate(DROP, {"note.txt": "Une note pour moi.", "vide.txt": ""})
    expect(attachments(page)).to_have_count(2)
    expect(attachments(page).filter(has_text="vide.txt")).to_contain_text("This file is empty.")
    assert axe(page) == []
    read_attachments(library)
    expect(page.locator("[data-only]")).to_be_visible()
    for name in ("note.txt", "vide.txt"):
        page.get_by_role("button", name=f"Remove {name} from this conversation").click()
    expect(attachments(page)).to_have_count(0)
    with tenant(library.instance):
        assert Document.objects.count() == 3
        assert not Document.with_attachments.exclude(conversation=None).exists()
