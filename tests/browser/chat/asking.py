"""Ask a question in a browser, and wait for its answer."""

import re

from playwright.sync_api import Page, expect

LEAVE = "Combien de jours de congé ont les doctorants ?"
CHAT = "/i/law/"


def ask(page: Page, question: str) -> None:
    page.get_by_role("textbox", name=re.compile("question|Votre question", re.I)).last.fill(
        question
    )
    page.keyboard.press("Enter")


def finished(page: Page, status: str = "complete"):
    answer = page.locator("chat-answer").last
    expect(answer).to_have_attribute("data-status", status)
    return answer
