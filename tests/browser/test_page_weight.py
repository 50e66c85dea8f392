"""What a browser with an empty cache loads for the first view of a page."""

from collections import Counter
from urllib.parse import urlsplit

import pytest

from tests.factories import ConversationFactory, DocumentFactory, MessageFactory

pytestmark = pytest.mark.django_db(transaction=True)

MAX_REQUESTS = 20
# Loaded only by a formula, by code, by a page of a PDF.
ON_DEMAND = ("katex", "highlight", "pdf-page")


@pytest.mark.parametrize("place", ["conversation", "documents", "document", "settings"])
def test_first_view_needs_few_requests(cast, page_for, place):
    law = {"instance": cast.instance}
    conversation = ConversationFactory(user=cast.owner, **law)
    question = MessageFactory(conversation=conversation, **law)
    MessageFactory(conversation=conversation, role="assistant", parent=question, **law)
    document = DocumentFactory(media_type="text/plain", **law)
    addresses = {
        "conversation": f"/i/law/c/{conversation.pk}/",
        "documents": "/i/law/documents/",
        "document": f"/i/law/documents/{document.pk}/",
        "settings": "/i/law/settings/",
    }
    page = page_for(cast.owner)
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(addresses[place], wait_until="networkidle")

    assert page.locator("main").is_visible()
    assert len(requested) <= MAX_REQUESTS
    assert [url for url, times in Counter(requested).items() if times > 1] == []
    paths = [urlsplit(url).path for url in requested]
    assert not [path for path in paths if any(name in path for name in ON_DEMAND)]
    # What draws Markdown is loaded apart: the conversation can be used before it is here.
    scripts = [path.rsplit("/", 1)[1] for path in paths if path.endswith(".js")]
    drawing = [name for name in scripts if name.startswith("markdown-view-")]
    assert len(drawing) == (place == "conversation")
    assert len(scripts) == 1 + len(drawing)
    assert sum(path.endswith(".css") for path in paths) == 1
