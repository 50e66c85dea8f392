"""Frugal answers in a real browser: given again, written anew, written on demand."""

import pytest
from playwright.sync_api import expect

from instances.models import Instance
from tests.browser.chat.asking import CHAT, LEAVE, ask, finished

pytestmark = pytest.mark.django_db(transaction=True)


def test_answer_is_given_again_and_the_model_writes_on_demand(library, llm, page_for, axe):
    first = page_for(library.teammate)
    first.goto(CHAT)
    ask(first, LEAVE)
    expect(finished(first).locator("[data-reused]")).not_to_be_visible()

    page = page_for(library.owner)
    page.goto(CHAT)
    ask(page, LEAVE)
    reused = finished(page).locator("[data-reused]")
    expect(reused).to_contain_text("This question was asked before.")
    assert axe(page) == []
    reused.get_by_role("button", name="Have it written anew").click()
    expect(page.locator("[data-reused]")).not_to_be_visible()
    finished(page)
    assert len(llm.requests) == 2

    Instance.objects.filter(pk=library.instance.pk).update(first_model_id="extractive")
    page.goto(CHAT)
    ask(page, LEAVE)
    answer = finished(page)
    expect(answer.locator("[data-written-by]")).to_have_text("Extracts, without generative AI")
    assert axe(page) == []
    answer.get_by_role("button", name="Have scripted write the answer").click()
    written = page.locator("[data-written-by]", has_text="Written by scripted")
    expect(written).to_be_visible()
    expect(page.locator("[data-on-demand]")).not_to_be_visible()
