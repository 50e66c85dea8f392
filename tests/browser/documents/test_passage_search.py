"""Passages without an answer, in a browser: from the composer to the words in their document."""

import re
from typing import Any

from playwright.sync_api import expect

from tests.cast import Cast


def test_composer_leads_to_passages_and_these_to_their_document(
    library: Cast, page_for: Any, axe: Any
) -> None:
    page = page_for(library.teammate)
    page.goto("/i/law/")
    page.locator("chat-composer textarea").fill("congé des doctorants")
    page.get_by_role("link", name="Passages").click()
    expect(page).to_have_url(re.compile(r"/i/law/passages/\?q=cong%C3%A9\+des\+doctorants$"))
    expect(page.locator("mark").first).to_be_visible()
    assert axe(page) == []
    page.locator("summary", has_text="Filters").click()
    page.get_by_label("Folder").fill("nowhere")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing among the documents of these filters.")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("link", name="Search all documents").click()
    page.locator(".found-passage").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".viewer-text mark").first).to_be_visible()
