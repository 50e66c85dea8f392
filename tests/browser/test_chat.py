"""The conversation in a real browser: asking, reading, checking, correcting."""

import re
from io import BytesIO

import pytest
from playwright.sync_api import Page, expect

from chat.models import Message
from ingestion import uploads
from ingestion.attempts.locking import Attempt
from ingestion.pipeline import ingest_document
from instances.tenancy import tenant
from tests.fixtures.database import wait_until
from tests.scripted_llm import Act, Reply, chunk, stream

pytestmark = pytest.mark.django_db(transaction=True)

LEAVE = "Combien de jours de congé ont les doctorants ?"
CHAT = "/i/law/"


def ask(page: Page, question: str) -> None:
    page.get_by_role("textbox", name=re.compile("question|Votre question", re.I)).last.fill(
        question
    )
    page.keyboard.press("Enter")


def is_saved(library, text: str) -> bool:
    with tenant(library.instance):
        return Message.objects.filter(content=text).exists()


def add_file(instance, user, name: str, content: bytes) -> None:
    """Upload a file and run the pipeline on it, in this process."""
    with tenant(instance):
        document, _created = uploads.store_upload(
            instance=instance, user=user, name=name, content=BytesIO(content)
        )
    ingest_document(Attempt.of(document))


def finished(page: Page, status: str = "complete"):
    answer = page.locator("chat-answer").last
    expect(answer).to_have_attribute("data-status", status)
    return answer


def test_citation_opens_its_passage(library, llm, page_for, axe):
    llm.script(stream("Les doctorants ont **vingt-cinq jours** ", "de congé par an [1]."))
    page = page_for(library.teammate)
    page.goto(CHAT)
    assert axe(page) == []
    ask(page, LEAVE)
    answer = finished(page)
    expect(answer.locator("strong")).to_have_text("vingt-cinq jours")
    expect(page).to_have_url(re.compile(r"/i/law/c/[0-9a-f-]{36}/$"))
    expect(answer.locator(".source")).to_have_count(1)
    assert axe(page) == []

    mark = answer.locator(".cite")
    mark.click()
    panel = page.locator("citation-panel dialog")
    expect(panel.locator("mark")).to_contain_text("vingt-cinq jours de congé")
    expect(panel).to_contain_text("conges.txt")
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(panel).not_to_be_visible()
    expect(mark).to_be_focused()


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
    extract = finished(page)
    expect(extract.locator("blockquote")).to_contain_text("vingt-cinq jours de congé")
    expect(extract.locator("[data-version]")).to_have_text("2/2")


def test_answer_without_citation_shows_a_notice(library, llm, page_for, axe):
    llm.script(stream("Vingt-cinq jours [9]."), stream("Vingt-cinq jours [1]."))
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, LEAVE)
    answer = finished(page)
    expect(answer.locator("[data-uncited]")).to_be_visible()
    assert axe(page) == []
    page.reload()
    expect(finished(page).locator("[data-uncited]")).to_be_visible()
    ask(page, LEAVE)
    expect(page.locator("chat-answer")).to_have_count(2)
    expect(finished(page).locator("[data-uncited]")).to_be_hidden()


def test_editing_a_question_keeps_earlier_versions(library, llm, page_for):
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, LEAVE)
    finished(page)
    page.get_by_role("textbox").last.press("ArrowUp")
    page.locator("chat-question textarea").fill("Combien de jours ont les maîtres de conférences ?")
    page.keyboard.press("Enter")
    expect(page.locator("chat-question [data-version]")).to_have_text("2/2")
    finished(page)
    page.locator("chat-question [data-previous] button").click()
    expect(page.locator("chat-question [data-text]")).to_have_text(LEAVE)
    expect(page.locator("chat-question [data-version]")).to_have_text("1/2")


def test_question_searches_only_selected_documents(library, llm, page_for):
    page = page_for(library.teammate)
    page.goto(CHAT)
    page.locator("[popovertarget=restriction-menu]").click()
    page.get_by_role("checkbox", name="missions.txt").check()
    page.keyboard.press("Escape")
    expect(page.locator(".chip")).to_contain_text("missions.txt")
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


def test_conversation_can_be_renamed_searched_and_deleted(library, llm, page_for, axe):
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, LEAVE)
    finished(page)
    item = page.locator(".conversation-item")
    item.hover()
    item.locator("[data-conversation-menu]").click()
    dialog = page.locator("#conversation-dialog")
    assert axe(page) == []
    dialog.get_by_role("textbox").fill("Congés")
    page.keyboard.press("Enter")
    expect(item).to_have_text("Congés")

    page.keyboard.press("Control+k")
    page.keyboard.type("doctorants")
    expect(page.locator("#search-dialog .search-result").first).to_have_text("Congés")
    assert axe(page) == []
    page.keyboard.press("Escape")

    item.hover()
    item.locator("[data-conversation-menu]").click()
    dialog.locator("[data-opens=conversation-delete-dialog]").click()
    page.locator("#conversation-delete-dialog .button-danger").click()
    expect(page).to_have_url(re.compile(r"/i/law/$"))
    expect(page.locator(".conversation-item")).to_have_count(0)


def test_question_without_matching_passage_gets_no_answer(library, llm, page_for):
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, "Who won the football world cup in 1998 and who scored?")
    answer = finished(page, "nothing_found")
    expect(answer.locator(".prose li").first).to_have_text(re.compile(r"\.txt$"))
    expect(answer.locator("[data-sources]")).to_be_hidden()
    assert llm.requests == []
    nearest = answer.locator(".prose li a").first
    name = nearest.inner_text()
    nearest.click()
    expect(page).to_have_url(re.compile(r"/i/law/documents/[0-9a-f-]{36}/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["fr-FR", "en-GB"])
def test_all_functions_are_available_on_a_phone(library, llm, page_for, axe, locale, scheme):
    llm.script(stream("| a | b |\n|---|--:|\n| 1 | 2 |\n\n```python\nprint(1)\n```\n\n$x^2$ [1]"))
    page = page_for(library.teammate, locale=locale, scheme=scheme, width=320, height=640)
    page.goto(CHAT)
    ask(page, LEAVE)
    answer = finished(page)
    expect(answer.locator(".katex")).to_be_visible()
    assert axe(page) == []
    answer.locator(".cite").click()
    expect(page.locator("citation-panel dialog mark")).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("Escape")
    page.locator("header [popovertarget=sidebar]").click()
    expect(page.locator("#sidebar")).to_be_visible()
    assert axe(page) == []


def test_citation_opens_pdf_page_with_highlighted_words(library, llm, page_for, axe):
    page = page_for(library.teammate)
    page.set_content(
        "<h1>Règlement</h1><p>Ce document fixe les règles.</p>"
        "<h2 style='break-before: page'>Césure</h2>"
        "<p>La période de césure dure au plus une année universitaire entière. "
        "Elle est accordée par le président, sur avis du directeur de thèse.</p>"
    )
    add_file(library.instance, library.owner, "règlement.pdf", page.pdf())
    llm.script(stream("La césure dure au plus une année universitaire [1]."))
    page.goto(CHAT)
    ask(page, "Combien de temps dure la période de césure ?")
    finished(page).locator(".cite").click()
    drawing = page.locator("citation-panel pdf-page")
    expect(drawing).to_have_attribute("page", "2")
    expect(drawing.locator("canvas")).to_be_visible()
    expect(drawing.locator(".pdf-mark").first).to_be_visible()
    assert axe(page) == []
    narrow = drawing.locator("canvas").bounding_box()
    page.get_by_role("button", name=re.compile("Zoom in|Agrandir", re.I)).click()
    expect(drawing.locator(".pdf-sheet")).not_to_have_css("width", f"{narrow['width']}px")


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


def test_unsent_question_stays_in_the_composer(library, llm, page_for):
    page = page_for(library.teammate)
    page.goto(CHAT)
    page.context.set_offline(True)
    ask(page, LEAVE)
    expect(page.locator(".toast")).to_be_visible()
    expect(page.get_by_role("textbox").last).to_have_value(LEAVE)
    page.context.set_offline(False)
    page.keyboard.press("Enter")
    finished(page)


def test_escaped_bracket_is_not_a_citation(library, llm, page_for):
    llm.script(stream("La note &#91;&#8288;1] de la page dit vingt-cinq jours [1]."))
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, LEAVE)
    answer = finished(page)
    expect(answer.locator(".cite")).to_have_count(1)
    expect(answer.locator(".prose")).to_contain_text(re.compile(r"La note \[\u2060?1\]"))
