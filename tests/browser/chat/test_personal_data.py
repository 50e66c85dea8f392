"""A question with personal data is held in the browser until the person decides."""

import pytest
from playwright.sync_api import expect

from tests.browser.chat.asking import CHAT, LEAVE, ask, finished
from tests.inference.factories import BackendFactory, LanguageModelFactory
from tests.scripted_llm import stream

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = "06 12 34 56 78"


def test_held_question_is_masked_or_answered_by_another_model(library, scripted_llm, page_for, axe):
    mine, other = library.instance.organisation, library.other_instance.organisation
    # A masked number makes a question less like its passages.
    library.instance.strictness = "lenient"
    library.instance.model_id = "outside"
    library.instance.save()
    for alias, serving in (("outside", other), ("inside", mine)):
        backend = BackendFactory(base_url=scripted_llm.base_url, serving_organisation=serving)
        LanguageModelFactory(alias=alias, label=alias.title(), backend=backend)
    scripted_llm.script(stream("Vingt-cinq [1]."), stream("Vingt-cinq [1]."))
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, f"{LEAVE} {PHONE}")
    held = page.locator("question-held")
    expect(held).to_contain_text(PHONE)
    expect(held.locator("[data-message]")).to_be_focused()
    expect(page.locator("chat-answer")).to_have_count(0)
    assert axe(page) == []
    # The question is still in the field, for another wording.
    expect(page.locator("textarea[name=question]")).to_have_value(f"{LEAVE} {PHONE}")

    held.get_by_role("button", name="Mask and send").click()
    finished(page)
    expect(held).to_be_hidden()
    expect(page.locator("chat-question [data-text]").last).to_have_text(
        f"{LEAVE} [telephone number]"
    )

    ask(page, f"{LEAVE} Mon numéro est le {PHONE}.")
    expect(held).to_be_visible()
    held.get_by_role("button", name="Choose another model").click()
    page.locator("#model-menu").get_by_role("button", name="Inside").click()
    expect(held).to_be_hidden()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("chat-answer")).to_have_count(2)
    finished(page)
    assert PHONE in scripted_llm.requests[-1].last_message
    assert PHONE not in str([request.body for request in scripted_llm.requests[:-1]])
