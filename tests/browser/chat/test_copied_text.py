"""Answers in a real browser, as they leave it: in the clipboard and on paper."""

import re

import pytest
from playwright.sync_api import expect
from pypdfium2 import PdfDocument

from tests.browser.chat.asking import CHAT, LEAVE, ask, finished
from tests.scripted_llm import stream

pytestmark = pytest.mark.django_db(transaction=True)

READ_CLIPBOARD = """
async () => {
  delete navigator.clipboard;
  const [item] = await navigator.clipboard.read();
  const kinds = ["text/html", "text/plain"];
  return Promise.all(kinds.map(async (kind) => (await item.getType(kind)).text()));
}
"""


WRITTEN = """\
# Congés

Vingt-cinq **jours** [1], *voir* [le guide](https://example.org/guide?a=1) et \\*note\\* :

1. posés
   - par écrit
   - par [courriel](mailto:rh@example.org)
2. `accord.txt`

> **vingt-cinq jours** de congé
> par an

- [x] fait

| a | b |
|---|---|
| 1 | *2* |

```py
x = 1  # **un**
```
"""
PASTED = """\
Congés

Vingt-cinq jours [1], voir le guide (https://example.org/guide?a=1) et *note* :

1. posés
   - par écrit
   - par courriel (rh@example.org)
2. accord.txt

> vingt-cinq jours de congé
> par an

☑ fait

a\tb
1\t2

x = 1  # **un**

Sources
[1] conges.txt, """


def test_answer_can_be_pasted_and_printed_with_its_sources(library, llm, page_for):
    llm.script(
        stream("Vingt-cinq **jours** [1].\n\n| a | b |\n|---|---|\n| 1 | 2 |"), stream("Autre [1].")
    )
    page = page_for(library.teammate)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(CHAT)
    ask(page, LEAVE)
    answer = finished(page)
    answer.get_by_role("button", name="Copy the answer").click()
    expect(page.locator(".toast")).to_have_text("Answer copied, with its sources")
    html, plain = page.evaluate(READ_CLIPBOARD)
    assert "<p>Vingt-cinq <strong>jours</strong> [1].</p>" in html
    assert re.search(r"<table[^>]* border=.1.*<td>2</td>.*<p>\[1\] conges.txt, ", html, re.DOTALL)
    assert not re.search("button|class=|data-", html)
    assert plain.startswith("Vingt-cinq jours [1].\n\na\tb\n1\t2\n\nSources\n[1] conges.txt, ")

    # As on a site without TLS, where scripts have no clipboard.
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {configurable: true})")
    page.evaluate("getSelection().empty()")
    expect(page.locator(".toast")).to_have_count(0)
    answer.get_by_role("button", name="Copy the answer").click()
    expect(page.locator(".toast")).to_have_text("Answer copied, with its sources")
    assert page.evaluate(READ_CLIPBOARD)[1] == plain

    ask(page, LEAVE)
    expect(page.locator("chat-answer")).to_have_count(2)
    finished(page)
    page.evaluate("window.print = () => {}")
    page.locator("chat-answer").first.get_by_role("button", name="Print the answer").click()
    printed = " ".join(PdfDocument(page.pdf())[0].get_textpage().get_text_bounded().split())
    assert re.fullmatch(r"Vingt-cinq jours ?\[1\]\. a b 1 2 Sources \[1\] conges.txt .*", printed)
    assert "Autre" not in printed


def test_answer_is_copied_as_plain_text_without_markdown(library, llm, page_for):
    llm.script(stream(WRITTEN))
    page = page_for(library.teammate)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(CHAT)
    ask(page, LEAVE)
    finished(page).get_by_role("button", name="Copy the answer").click()
    expect(page.locator(".toast")).to_have_text("Answer copied, with its sources")
    _html, plain = page.evaluate(READ_CLIPBOARD)
    assert plain.replace("\u00a0", " ").startswith(PASTED)
