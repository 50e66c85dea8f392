"""The conversation in a real browser: asking, following, correcting, finding again."""

import re
from datetime import date

import pytest
from django.conf import settings
from playwright.sync_api import Locator, Page, Route, expect

from chat.conversations.listing import LISTED
from chat.models import Feedback, Message
from ingestion.models import Document
from instances.tenancy import tenant
from tests.browser.chat.asking import CHAT, LEAVE, ask, finished
from tests.factories import ConversationFactory, MessageFactory
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


def test_editing_a_question_keeps_earlier_versions(library, llm, page_for):
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, LEAVE)
    finished(page)
    page.get_by_role("textbox").last.press("ArrowUp")
    page.locator("chat-question textarea").fill("Combien de jours ont les maîtres de conférences ?")
    page.keyboard.press("Enter")
    expect(page.locator("chat-answer [data-heading]")).to_be_focused()
    expect(page.locator("chat-question [data-version]")).to_have_text("2/2")
    finished(page)
    page.locator("chat-question [data-previous] button").click()
    expect(page.locator("chat-question [data-text]")).to_have_text(LEAVE)
    expect(page.locator("chat-question [data-version]")).to_have_text("1/2")


def test_question_searches_only_selected_documents(library, llm, page_for, axe):
    with tenant(library.instance):
        Document.objects.filter(name="missions.txt").update(folder="Personnel/2026")
    page = page_for(library.teammate)
    page.goto(CHAT)
    page.locator("[popovertarget=restriction-menu]").click()
    page.get_by_role("checkbox", name="conges.txt").check()
    page.get_by_role("checkbox", name="Personnel/2026 1 document").check()
    expect(page.locator(".chip")).to_have_text(["conges.txt", "Personnel/2026"])
    assert axe(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Remove conges.txt from the restriction").click()
    expect(page.locator(".chip")).to_have_text(["Personnel/2026"])
    ask(page, "Combien sont remboursées les nuits d'hôtel à Paris ?")
    answer = finished(page)
    expect(answer.locator(".source-name")).to_contain_text("missions.txt")
    page.reload()
    restricted = page.locator("chat-question [data-restricted]")
    expect(restricted).to_contain_text("missions.txt")
    page.locator("[data-action=edit]").click()
    expect(restricted).to_be_visible()
    page.locator("chat-question textarea").fill("Combien sont remboursés les repas à Paris ?")
    page.locator("chat-question textarea").press("Enter")
    finished(page)
    expect(restricted).to_contain_text("missions.txt")


def open_menu(page: Page, action: str) -> Locator:
    """Open the menu of the first conversation; returns an item of it."""
    item = page.locator(".conversation-item").first
    item.hover()
    item.locator(".conversation-more").click()
    return item.get_by_role("link", name=action)


def open_dialog(page: Page, action: str) -> Locator:
    """Open a dialog from the menu of the first conversation; returns it."""
    open_menu(page, action).click()
    return page.get_by_role("dialog")


def delete_conversation(page: Page) -> None:
    open_dialog(page, "Delete").get_by_role("button", name="Delete").click()


def test_conversation_can_be_renamed_searched_and_deleted(library, llm, page_for, axe):
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, LEAVE)
    finished(page)
    item = page.locator(".conversation-item")
    dialog = open_dialog(page, "Rename")
    assert axe(page) == []
    dialog.get_by_role("textbox").fill("Congés")
    page.context.set_offline(True)
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("You seem to be offline")
    page.context.set_offline(False)
    page.keyboard.press("Enter")
    expect(item.locator(".conversation-link")).to_have_text("Congés")
    expect(item.locator(".conversation-more")).to_be_focused()

    page.keyboard.press("Control+k")
    page.context.set_offline(True)
    page.keyboard.type("doctor")
    expect(page.locator("#search-dialog [data-problem]")).to_contain_text("You seem to be offline")
    page.context.set_offline(False)
    page.keyboard.type("ants")
    expect(page.locator("#search-dialog .search-result").first).to_contain_text("Congés")
    expect(page.locator("#search-dialog [data-problem]")).to_be_hidden()
    assert axe(page) == []
    page.keyboard.press("Escape")

    delete_conversation(page)
    expect(page).to_have_url(re.compile(r"/i/law/$"))
    expect(page.locator(".conversation-item")).to_have_count(0)

    for title in ("Missions", "Concours"):
        ConversationFactory(instance=library.instance, user=library.teammate, title=title)
    page.reload()
    delete_conversation(page)
    expect(page.locator(".conversation-link")).to_have_text(["Missions"])
    expect(page.locator(".conversation-link")).to_be_focused()
    delete_conversation(page)
    expect(page.locator(".sidebar-link").first).to_be_focused()


def test_all_conversations_can_be_reached_and_told_apart(cast, page_for, axe):
    law = {"instance": cast.instance}
    for _ in range(LISTED + 5):
        conversation = ConversationFactory(user=cast.teammate, title="Congés", **law)
    MessageFactory(conversation=conversation, content="Combien de jours a le doctorant ?", **law)
    page = page_for(cast.teammate)
    page.goto(CHAT)
    items = page.locator(".conversation-item")
    expect(items).to_have_count(LISTED)
    expect(items.first).to_contain_text(str(date.today().year))
    page.get_by_role("button", name="Show older conversations").click()
    expect(items).to_have_count(LISTED + 5)
    expect(items.nth(LISTED).get_by_role("link")).to_be_focused()
    expect(page.get_by_role("button", name="Show older conversations")).to_have_count(0)

    page.keyboard.press("Control+k")
    page.keyboard.type("congés")
    results = page.locator("#search-dialog .search-result")
    expect(results).to_have_count(8)
    page.get_by_role("button", name="Show more conversations").click()
    expect(results).to_have_count(48)
    expect(results.nth(8)).to_be_focused()
    page.get_by_role("searchbox").fill("doctorant")
    expect(results).to_have_count(1)
    expect(results).to_contain_text("Combien de jours a le doctorant ?")
    expect(results).to_contain_text(str(date.today().year))
    assert axe(page) == []


def test_question_without_matching_passage_gets_no_answer(library, llm, page_for):
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, "Who won the football world cup in 1998 and who scored?")
    answer = finished(page, "nothing_found")
    expect(answer.locator(".prose li").first).to_have_text(re.compile(r"\.txt, section 1$"))
    expect(answer.locator("[data-sources]")).to_be_hidden()
    assert llm.requests == []
    nearest = answer.locator(".prose li a").first
    name = nearest.inner_text().partition(", section")[0]
    nearest.click()
    expect(page).to_have_url(re.compile(r"/i/law/documents/[0-9a-f-]{36}/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_side_bar_state_is_remembered(cast, page_for, axe):
    page = page_for(cast.teammate)
    page.goto(CHAT)
    page.locator("#sidebar [data-sidebar-toggle]").click()
    expect(page.locator("#sidebar")).to_be_hidden()
    expect(page.locator(".topbar [data-sidebar-toggle]")).to_be_focused()
    page.reload()
    expect(page.locator("#sidebar")).to_be_hidden()
    assert axe(page) == []


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


def test_unsent_question_is_kept_with_instructions(library, llm, page_for, axe):
    page = page_for(library.teammate)
    page.goto(CHAT)
    problem = page.locator("chat-composer [data-problem]")
    question = page.get_by_role("textbox", name="Your question").last
    page.context.set_offline(True)
    ask(page, LEAVE)
    expect(problem).to_contain_text("You seem to be offline")
    expect(problem).to_contain_text("Your question is kept on this page.")
    expect(problem.get_by_role("link")).to_be_hidden()
    expect(question).to_have_value(LEAVE)
    page.context.set_offline(False)

    page.goto("/i/law/documents/")
    page.goto(CHAT)
    expect(question).to_have_value(LEAVE)
    session = page.context.cookies()
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.keyboard.press("Enter")
    expect(problem).to_contain_text("You are no longer logged in")
    expect(problem.get_by_role("link")).to_have_attribute("href", re.compile(r"\?next=%2Fi%2Flaw"))
    expect(question).to_have_value(LEAVE)
    assert axe(page) == []

    page.context.add_cookies(session)
    page.keyboard.press("Enter")
    answer = finished(page)
    expect(problem).to_be_hidden()
    helpful = answer.get_by_role("button", name="Helpful", exact=True)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    helpful.click()
    expect(problem).to_contain_text("You are no longer logged in")
    page.context.add_cookies(session)
    helpful.click()
    expect(answer.locator("[data-feedback-form]")).to_contain_text("editors and administrators")
    expect(problem).to_be_hidden()
    page.goto(CHAT)
    expect(question).to_have_value("")
