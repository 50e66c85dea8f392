"""The queue of a busy model in a real browser: place, and leaving."""

import pytest
from playwright.sync_api import expect

from tests.browser.chat.asking import CHAT, LEAVE, ask, finished
from tests.scripted_llm import Act, Reply, chunk

pytestmark = pytest.mark.django_db(transaction=True)


def test_reader_sees_the_place_in_the_queue_and_leaves_it(library, llm, page_for, axe, settings):
    settings.LLM_MAX_CONCURRENCY = 1
    settings.LLM_FIRST_BYTE_TIMEOUT_S = settings.LLM_READ_TIMEOUT_S = 600.0
    llm.script(Reply([chunk("Un "), Act.HOLD]))
    other = page_for(library.editor)
    other.goto(CHAT)
    ask(other, LEAVE)
    llm.wait_until(lambda: len(llm.requests) == 1)

    page = page_for(library.teammate, locale="fr-FR", width=390)
    page.goto(CHAT)
    ask(page, LEAVE)
    waiting = page.locator("chat-answer [data-waiting]")
    expect(waiting).to_contain_text("Votre question est au rang 1 de la file d’attente.")
    expect(page.locator("#announcer")).to_contain_text("rang 1")
    assert axe(page) == []
    page.reload()
    expect(waiting).to_contain_text("rang 1")
    waiting.get_by_role("button", name="Quitter la file d’attente").click()
    answer = finished(page, "stopped")
    expect(answer.locator("[data-unbegun]")).to_be_visible()
    expect(answer.locator("[data-stopped]")).to_be_hidden()
    expect(page.locator("chat-answer [data-heading]")).to_be_focused()
    assert axe(page) == []
    assert len(llm.requests) == 1
    llm.release()
