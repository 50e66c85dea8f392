"""Names in Arabic stay where names are: at the start of the line, beside what belongs to them."""

import pytest
from playwright.sync_api import Page, expect

from chat.models import Message
from instances.tenancy import tenant
from tests.cast import Cast, make_cast
from tests.factories import (
    ChunkFactory,
    CitationFactory,
    ConversationFactory,
    DocumentFactory,
    DocumentPageFactory,
    FeedbackFactory,
    MessageFactory,
)
from tests.sources.factories import SourceFactory

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "النظام الداخلي للجامعة"
# The first text of each block that is no prose, if it is in Arabic and not where its block starts.
MISPLACED = """
() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { currentNode: node } = walker;
    const element = node.parentElement;
    if (!/[\\u0600-\\u06ff]/.test(node.data) || !element.checkVisibility()) continue;
    if (element.closest(".prose, .viewer-text, .viewer-passage-text, .question-text, .passage, "
      + ".rating-comment, .visually-hidden, textarea, option")) continue;
    let block = element;
    while (getComputedStyle(block).display.startsWith("inline")) block = block.parentElement;
    const range = document.createRange();
    range.setStart(block, 0);
    range.setEnd(node, 0);
    if (range.toString().trim() || range.cloneContents().querySelector("svg, img, input")) continue;
    range.selectNodeContents(node);
    const [line] = range.getClientRects();
    const style = getComputedStyle(block);
    const start = block.getBoundingClientRect().left + parseFloat(style.paddingLeft);
    const gap = line.left - start;
    if (gap > 8) found.push(`${block.localName}.${block.className}: ${gap}`);
  }
  return found;
}
"""


@pytest.fixture
def named() -> Cast:
    """A document, a conversation, a rating and a source with a name in Arabic."""
    cast = make_cast()
    law = {"instance": cast.instance}
    document = DocumentFactory(
        name=f"{NAME}.pdf", title=NAME, folder=NAME, pages=1, chunks=1, **law
    )
    DocumentPageFactory(document=document, number=1, label=NAME, **law)
    ChunkFactory(document=document, heading=NAME, page_start=1, page_end=1, **law)
    conversation = ConversationFactory(user=cast.owner, title=NAME, **law)
    question = MessageFactory(conversation=conversation, content=NAME, **law)
    answer = MessageFactory(
        conversation=conversation,
        parent=question,
        role=Message.Role.ASSISTANT,
        content="Oui [1].",
        **law,
    )
    CitationFactory(message=answer, document=document, used=True, heading=NAME, **law)
    FeedbackFactory(message=answer, user=cast.owner, comment=NAME, **law)
    SourceFactory(name=NAME, **law)
    with tenant(cast.instance):
        conversation.leaf = answer
        conversation.save()
    return cast


def misplaced(page: Page) -> list[str]:
    # Without style sheets, nothing is where it belongs.
    page.wait_for_load_state()
    found: list[str] = page.evaluate(MISPLACED)
    return found


@pytest.mark.parametrize("width", [390, 1440])
def test_arabic_names_begin_where_their_lines_begin(named, page_for, width):
    page = page_for(named.owner, locale="en-GB", width=width)
    paths = ["", "documents/", "ratings/", "conversations/all/", "sources/"]
    wrong = {}
    for path in paths:
        page.goto(f"/i/law/{path}")
        wrong[path] = misplaced(page)
    page.locator("main").get_by_role("link", name=NAME).first.click()
    expect(page.get_by_role("heading", level=1, name=NAME)).to_be_visible()
    wrong["source"] = misplaced(page)
    page.goto("/i/law/documents/")
    page.locator("main").get_by_role("link", name=NAME, exact=True).first.click()
    expect(page.get_by_role("heading", level=1, name=NAME)).to_be_visible()
    wrong["document"] = misplaced(page)
    page.goto("/i/law/conversations/all/")
    page.locator("main").get_by_role("link", name=NAME, exact=True).first.click()
    page.locator(".cite").click()
    page.locator(".panel-document", has_text=NAME).wait_for()
    wrong["citation"] = misplaced(page)
    page.locator("citation-panel [data-closes]").click()
    page.locator("[popovertarget=restriction-menu]").click()
    page.locator(".restriction-name").first.wait_for()
    wrong["picker"] = misplaced(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type(NAME[:6])
    page.locator(".search-result").first.wait_for()
    wrong["search"] = misplaced(page)
    assert {place: found for place, found in wrong.items() if found} == {}
