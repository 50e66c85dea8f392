"""The conversation in a real browser: following an answer, stopping it, coming back to it."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Route, expect

from chat.conversations.temporary import AFTER_LEAVING
from chat.models import Conversation, Feedback, Message
from instances.tenancy import tenant
from tests.browser.chat.asking import CHAT, LEAVE, ask, finished
from tests.browser.chat.conversation_menu import open_menu
from tests.fixtures.waiting import wait_until
from tests.scripted_llm import Act, Reply, chunk, stream

pytestmark = pytest.mark.django_db(transaction=True)


def is_saved(library, text: str) -> bool:
    with tenant(library.instance):
        return Message.objects.filter(content=text).exists()


def saved_feedback(library) -> list[tuple[bool, str]]:
    with tenant(library.instance):
        return list(Feedback.objects.values_list("helpful", "comment"))


IS_UNCOVERED = """
(element) => {
  const { x, y, width, height } = element.getBoundingClientRect();
  return document.elementFromPoint(x + width / 2, y + height / 2) === element;
}
"""


def test_conversation_is_restored_after_reload(library, llm, page_for):
    llm.script(stream("Vingt-cinq jours [1]."))
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, LEAVE)
    finished(page)
    page.reload()
    answer = finished(page)
    expect(answer.locator(".prose")).to_contain_text("Vingt-cinq jours")
    expect(answer.locator(".cite")).to_have_text("1")
    expect(page.locator(".conversation-link[aria-current=page]")).to_have_text(LEAVE)

    helpful = answer.get_by_role("button", name="Helpful", exact=True)
    helpful.click()
    comment = answer.get_by_label("What was useful? (optional)")
    expect(comment).to_be_focused()
    assert comment.evaluate(IS_UNCOVERED)
    comment.fill("Short and exact.")
    answer.locator("[data-feedback-form] [type=submit]").click()
    expect(helpful).to_be_focused()
    wait_until(lambda: saved_feedback(library) == [(True, "Short and exact.")])
    answer.get_by_role("button", name="Not helpful").click()
    answer.get_by_role("button", name="No comment").click()
    expect(answer.get_by_role("button", name="Not helpful")).to_be_focused()
    page.keyboard.press("Enter")
    expect(answer.locator("[data-helpful][aria-pressed=true]")).to_have_count(0)
    assert saved_feedback(library) == []


def test_streaming_answer_continues_after_reload(library, llm, page_for):
    llm.script(Reply([chunk("Vingt-cinq "), Act.HOLD, chunk("jours."), b"data: [DONE]\n\n"]))
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, LEAVE)
    expect(page.locator("chat-answer .prose")).to_contain_text("Vingt-cinq")
    wait_until(lambda: is_saved(library, "Vingt-cinq "))
    page.reload()
    expect(page.locator("chat-answer .prose")).to_have_text("Vingt-cinq")
    llm.release()
    expect(finished(page).locator(".prose")).to_have_text("Vingt-cinq jours.")


def test_conversation_is_usable_before_markdown_can_be_drawn(library, llm, page_for):
    replies = ("**Vingt-cinq** jours [1].", "Combien d’ouvrages ?", "*Douze* ouvrages [1].")
    llm.script(*map(stream, replies))
    page = page_for(library.owner)
    page.goto(CHAT)
    ask(page, LEAVE)
    finished(page)
    conversation = page.url
    held: list[Route] = []
    page.route("**/markdown-view-*", lambda route: held.append(route))
    page.goto(conversation)
    first = page.locator("chat-answer").first
    expect(first.locator(".prose")).to_have_text("**Vingt-cinq** jours [1].")
    ask(page, "Combien d’ouvrages peut-on emprunter ?")
    expect(page.locator("chat-answer")).to_have_count(2)
    expect(finished(page).locator(".prose")).to_have_text("*Douze* ouvrages [1].")
    for route in held:
        route.continue_()
    expect(first.locator("strong")).to_have_text("Vingt-cinq")
    expect(page.locator("chat-answer .cite")).to_have_count(2)
    expect(page.locator("chat-answer em")).to_have_text("Douze")


def test_conversation_works_without_javascript(library, llm, page_for):
    llm.script(stream("Vingt-cinq jours [1]."))
    page = page_for(library.owner, scripts=False)
    page.goto(CHAT)
    page.locator("input[name=question]").fill(LEAVE)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/i/law/c/[0-9a-f-]{36}/$"))
    wait_until(lambda: is_saved(library, "Vingt-cinq jours [1]."))
    page.reload()
    expect(page.locator(".question-text")).to_have_text(LEAVE)
    expect(page.locator(".prose-raw")).to_have_text("Vingt-cinq jours [1].")

    open_menu(page, "Delete").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("Conversation deleted")).to_be_visible()
    page.goto("/i/law/settings/lifecycle/")
    page.get_by_role("button", name="Archive this instance").click()
    page.get_by_role("dialog").get_by_role("button", name="Archive").click()
    expect(page.get_by_role("button", name="Archive this instance")).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), [(320, 480), (720, 450)])
def test_welcome_page_is_scrolled_to_its_start(library, page_for, width, height):
    library.instance.welcome_text = "Bienvenue. " * 200
    library.instance.save()
    page = page_for(library.teammate, width=width, height=height)
    page.goto(CHAT)
    expect(page.locator("[data-thread]")).to_have_attribute("data-ready", "")
    assert page.locator("main").evaluate("(main) => main.scrollTop") == 0
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()


def test_escape_stops_answer_and_keeps_its_text(library, llm, page_for):
    llm.script(Reply([chunk("Vingt-cinq "), Act.HOLD]))
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, LEAVE)
    expect(page.locator("chat-answer .prose")).to_contain_text("Vingt-cinq")
    page.keyboard.press("Escape")
    answer = finished(page, "stopped")
    expect(answer.locator(".prose")).to_contain_text("Vingt-cinq")
    expect(answer.locator("[data-stopped]")).to_be_visible()
    expect(page.locator("[data-send]")).to_be_visible()


def test_failed_answer_offers_extracts(library, llm, page_for, axe):
    llm.script(Reply([chunk("Vingt-cinq "), Act.CUT]))
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, LEAVE)
    answer = finished(page, "failed")
    expect(answer.locator("[data-error]")).to_be_visible()
    expect(answer.locator(".prose")).to_contain_text("Vingt-cinq")
    assert axe(page) == []
    answer.locator("[data-action=extracts]").click()
    expect(page.locator("chat-answer [data-heading]")).to_be_focused()
    extract = finished(page)
    expect(extract.locator("blockquote")).to_contain_text("vingt-cinq jours de congé")
    expect(extract.locator("[data-version]")).to_have_text("2/2")


def test_conversation_is_usable_by_keyboard(cast, page_for):
    page = page_for(cast.teammate)
    page.goto(CHAT)
    expect(page.get_by_role("textbox").last).to_be_focused()
    page.locator(".skip-link").focus()
    expect(page.locator(".skip-link")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.locator("[popovertarget=person-menu]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#person-menu .menu-item").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#person-menu .menu-item").nth(1)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[popovertarget=person-menu]")).to_be_focused()


def test_temporary_conversation_is_chosen_said_left_and_erased(library, llm, page_for, axe):
    page = page_for(library.teammate)
    page.goto(CHAT)
    note = page.get_by_text("Temporary: erased with its files")
    expect(note).to_be_hidden()
    page.get_by_role("checkbox", name="Temporary conversation").check()
    expect(note).to_be_visible()
    assert axe(page) == []
    ask(page, LEAVE)
    finished(page)
    expect(page).to_have_title(re.compile("^Temporary conversation"))
    expect(page.locator(".conversation-item")).to_have_count(0)
    expect(page.get_by_role("button", name="Helpful", exact=True)).to_be_hidden()
    assert axe(page) == []

    def until():
        with tenant(library.instance):
            return Conversation.objects.get().temporary_until - timezone.now()

    address = page.url
    page.goto(f"{CHAT}documents/")
    wait_until(lambda: until() <= AFTER_LEAVING, "the page was left")
    page.goto(address)
    wait_until(lambda: until() > AFTER_LEAVING, "the page was opened again")
    expect(note).to_be_visible()
    page.get_by_role("button", name="Erase now").click()
    expect(page).to_have_url(re.compile(r"/i/law/$"))
    assert page.goto(address).status == 404
