"""A conversation is exported from its menu, by keyboard, as a file."""

from pathlib import Path

import docx
import pytest
from playwright.sync_api import expect

from tests.browser.chat.asking import CHAT, LEAVE, ask, finished
from tests.scripted_llm import stream

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("locale", "scheme", "width"),
    [("en-GB", "light", 1440), ("fr-FR", "dark", 390)],
    ids=["English, light, wide", "French, dark, narrow"],
)
def test_conversation_is_exported_from_its_menu(library, llm, page_for, axe, locale, scheme, width):
    llm.script(stream("Vingt-cinq jours [1]."))
    page = page_for(library.teammate, locale=locale, scheme=scheme, width=width)
    page.goto(CHAT)
    ask(page, LEAVE)
    finished(page)
    page.goto(page.locator(".menu a[href$='/export/']").first.get_attribute("href"))
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    link = page.locator("a[href$='/export/docx/']")
    link.focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".docx")
    document = docx.Document(Path(download.value.path()))
    assert "Vingt-cinq jours." in [paragraph.text for paragraph in document.paragraphs]
    expect(link).to_be_visible()
