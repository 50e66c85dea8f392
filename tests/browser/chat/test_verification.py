"""A false sentence of a model in a real browser: marked, explained, copied and printed."""

import pytest
from playwright.sync_api import expect

from tests.browser.chat.asking import CHAT, LEAVE, ask, finished
from tests.scripted_llm import stream

pytestmark = pytest.mark.django_db(transaction=True)

FALSE = "Les doctorants contractuels ont droit à trente jours de congé par an"
TRUE = "Les maîtres de conférences ont droit à quarante jours de congé par an"


def test_altered_number_is_marked_with_its_reason(library, llm, page_for, axe):
    llm.script(stream(f"{TRUE} [1]. ", f"**{FALSE}** [1]."))
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, LEAVE)
    answer = finished(page)
    expect(answer.locator("[data-verification]")).to_contain_text("1 sentence of 2")
    expect(answer.locator("strong .doubtful").first).to_contain_text("droit à trente jours")
    expect(answer.locator("[data-content]")).not_to_contain_text("⸨")
    button = answer.get_by_role("button", name="Not confirmed")
    note = answer.locator(".doubt-note")
    expect(note).not_to_be_visible()
    assert axe(page) == []

    # With the keyboard alone.
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(note).to_contain_text("The passage says vingt-cinq jours, the answer trente jours.")
    expect(note.locator("q")).to_contain_text("vingt-cinq jours de congé par an")
    assert axe(page) == []
    page.keyboard.press("Enter")
    expect(note).not_to_be_visible()

    page.reload()
    expect(finished(page).locator("strong .doubtful").first).to_contain_text("trente jours")

    page.emulate_media(media="print")
    expect(page.locator(".doubt-note")).to_be_visible()


def test_true_answer_has_no_mark(library, llm, page_for):
    llm.script(stream(f"{TRUE} [1]."))
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, LEAVE)
    answer = finished(page)
    expect(answer.locator(".cite")).to_have_count(1)
    expect(answer.locator("[data-verification]")).to_be_hidden()
    expect(answer.locator(".doubt")).to_have_count(0)
