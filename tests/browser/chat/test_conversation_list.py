"""The list of conversations in a real browser: finding, renaming, deleting."""

import re
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from chat.organising.listing import LISTED
from tests.browser.chat.asking import CHAT, LEAVE, ask, finished
from tests.browser.chat.conversation_menu import open_dialog
from tests.factories import ConversationFactory, MessageFactory

pytestmark = pytest.mark.django_db(transaction=True)


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
    page.get_by_role("link", name="Show older conversations").click()
    expect(items).to_have_count(LISTED + 5)
    expect(items.nth(LISTED).get_by_role("link")).to_be_focused()
    expect(page.get_by_role("link", name="Show older conversations")).to_have_count(0)

    page.keyboard.press("Control+k")
    page.keyboard.type("congés")
    # The last one leads to the passages with these words.
    results = page.locator("#search-dialog .search-result:not([href*='/passages/'])")
    expect(results).to_have_count(8)
    page.get_by_role("button", name="Show more conversations").click()
    expect(results).to_have_count(48)
    expect(results.nth(8)).to_be_focused()
    page.get_by_role("searchbox").fill("doctorant")
    expect(results).to_have_count(1)
    expect(results).to_contain_text("Combien de jours a le doctorant ?")
    expect(results).to_contain_text(str(date.today().year))
    assert axe(page) == []


def test_side_bar_state_is_remembered(cast, page_for, axe):
    page = page_for(cast.teammate)
    page.goto(CHAT)
    page.locator("#sidebar [data-sidebar-toggle]").click()
    expect(page.locator("#sidebar")).to_be_hidden()
    expect(page.locator(".topbar [data-sidebar-toggle]")).to_be_focused()
    page.reload()
    expect(page.locator("#sidebar")).to_be_hidden()
    assert axe(page) == []


def test_conversation_is_pinned_and_archived_from_its_menu(cast, page_for, axe):
    for title in ("Missions", "Concours"):
        ConversationFactory(instance=cast.instance, user=cast.teammate, title=title)
    page = page_for(cast.teammate)
    page.goto(CHAT)
    links = page.locator(".conversation-link")
    item = page.locator(".conversation-item", has_text="Missions")

    def choose(action: str) -> None:
        item.hover()
        item.locator(".conversation-more").click()
        item.get_by_role("button", name=action).click()

    choose("Pin")
    expect(links).to_have_text(["Missions", "Concours"])
    expect(links.first).to_be_focused()
    expect(page.get_by_role("heading", name="Pinned")).to_be_visible()
    choose("Archive")
    expect(links).to_have_text(["Concours"])
    expect(links.first).to_be_focused()
    assert axe(page) == []
    page.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(links).to_have_text(["Missions", "Concours"])
    # The page of the conversation that is shown says it, and has the same menu.
    links.first.click()
    page.locator(".topbar .conversation-more").click()
    page.locator(".topbar").get_by_role("button", name="Archive").click()
    expect(page.get_by_text("This conversation is archived.")).to_be_visible()
    assert axe(page) == []
    page.locator("[data-message]").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("This conversation is archived.")).to_have_count(0)
    expect(links).to_have_text(["Missions", "Concours"])


def test_several_conversations_are_chosen_in_their_list(cast, page_for, axe):
    for title in ("Missions", "Concours", "Congés"):
        ConversationFactory(instance=cast.instance, user=cast.teammate, title=title)
    page = page_for(cast.teammate)
    page.goto(f"{CHAT}conversations/all/")
    bar = page.get_by_role("group", name="Selected conversations")
    expect(bar).to_be_hidden()
    page.get_by_role("checkbox", name="Select all the conversations shown").check()
    expect(bar).to_contain_text("Selected: 3")
    page.get_by_role("checkbox", name="Select Missions").uncheck()
    expect(bar).to_contain_text("Selected: 2")
    assert axe(page) == []
    bar.get_by_role("button", name="Move").click()
    page.get_by_label("Or a new folder").fill("Personnel")
    assert axe(page) == []
    page.keyboard.press("Enter")
    expect(page.locator("[data-message]")).to_contain_text("2 conversations moved to “Personnel”")
    expect(page.locator(".conversation-item .conversation-link")).to_have_text(["Missions"])
    page.locator(".sidebar .folder-link").click()
    rows = page.locator("main tbody tr")
    expect(rows).to_have_count(2)
    rows.first.get_by_role("checkbox").check()
    bar.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Delete the conversation?")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    expect(rows).to_have_count(1)
