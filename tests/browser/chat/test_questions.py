"""Questions in a real browser: corrected, restricted to documents, unanswered, not sent."""

import re

import pytest
from django.conf import settings
from django.utils.crypto import get_random_string
from playwright.sync_api import expect

from ingestion.models import Document
from instances.tenancy import tenant
from tests.browser.chat.asking import CHAT, LEAVE, ask, finished
from tests.fixtures.corpus import add_document

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_question_on_its_way_is_kept_until_the_server_has_it(library, llm, page_for):
    page = page_for(library.teammate)
    page.goto(CHAT)
    question = page.get_by_role("textbox", name="Your question").last
    # A server that does not answer.
    page.route("**/ask/", lambda route: None)
    ask(page, LEAVE)
    expect(question).to_have_value("")
    page.goto("/i/law/documents/")
    page.unroute("**/ask/")
    page.goto(CHAT)
    expect(question).to_have_value(LEAVE)
    page.keyboard.press("Enter")
    finished(page)
    page.goto(CHAT)
    expect(question).to_have_value("")


def test_changed_question_and_comment_are_drafts_until_the_server_has_them(
    library, llm, page_for, axe
):
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, LEAVE)
    answer = finished(page)
    answer.get_by_role("button", name="Not helpful").click()
    answer.get_by_label("What was wrong?").fill("The number is from last year.")
    page.locator("[data-action=edit]").click()
    edited = page.locator("chat-question textarea")
    edited.fill("Combien de jours ont les maîtres de conférences ?")
    conversation = page.url
    page.goto("/i/law/documents/")
    page.goto(conversation)
    expect(edited).to_have_value("Combien de jours ont les maîtres de conférences ?")
    expect(answer.get_by_label("What was wrong?")).to_have_value("The number is from last year.")
    assert axe(page) == []

    answer.locator("[data-feedback-form] [type=submit]").click()
    expect(answer.locator("[data-feedback-form]")).to_be_hidden()
    # A server that does not answer.
    page.route("**/edit/", lambda route: None)
    edited.press("Enter")
    expect(edited).to_be_hidden()
    page.goto("/i/law/documents/")
    page.unroute("**/edit/")
    page.goto(conversation)
    expect(answer.locator("[data-feedback-form]")).to_be_hidden()
    edited.press("Enter")
    expect(page.locator("chat-question [data-version]")).to_have_text("2/2")
    finished(page)
    page.reload()
    expect(edited).to_be_hidden()
    page.locator("chat-question [data-previous] button").click()
    expect(page.locator("chat-question [data-version]")).to_have_text("1/2")
    expect(edited).to_be_hidden()


def test_question_is_sent_after_logging_in_again_in_another_tab(library, llm, page_for):
    page = page_for(library.teammate)
    page.goto(CHAT)
    # As a new login does, which changes the token of forms.
    page.context.add_cookies(
        [
            {
                "name": "csrftoken",
                "value": get_random_string(32),
                "url": page.evaluate("location.origin"),
            }
        ]
    )
    ask(page, LEAVE)
    finished(page)


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


def rules() -> str:
    """Rules of three long sections, each a passage of its own."""
    filler = (
        "Le service du personnel tient à jour les fiches des agents et les transmet chaque "
        "trimestre au rectorat, qui en contrôle la forme et les archive pendant dix ans. "
    )
    sections = {
        "Durée des congés annuels": "Les agents ont droit à trente-deux jours de congé annuel.",
        "Conditions de report des congés": "Les conditions de report des congés sont au nombre de "
        "deux : un arrêt de maladie et l’accord écrit du service.",
        "Délai de prévenance du service": "Le délai de prévenance du service est de quinze jours.",
    }
    parts = [f"## {name}\n\n{text} {filler * 8}" for name, text in sections.items()]
    return "\n\n".join(["# Règlement des congés", *parts])


def test_questions_that_the_documents_answer_are_suggested(library, llm, page_for, axe):
    add_document(library.instance, library.owner, "reglement.md", rules())
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, "Quelle est la durée des congés annuels des agents ?")
    finished(page)
    suggested = page.locator(".follow-ups").get_by_role("button")
    expect(suggested).to_have_text(
        [re.compile("conditions de report des congés"), re.compile("délai de prévenance")]
    )
    assert axe(page) == []
    suggested.first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("chat-question").last).to_contain_text("conditions de report")
    # It is answered, and not suggested again.
    expect(page.locator("chat-answer")).to_have_count(2)
    finished(page)
    expect(suggested).to_have_text([re.compile("délai de prévenance")])
