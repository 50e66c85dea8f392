"""A cited passage as the panel shows it: the quoted words, in the passage, in the page's text.

Runs inside ``tenant(instance)``.
"""

import re
from dataclasses import dataclass

from chat.models import Citation, Message
from ingestion.models import DocumentPage

CONTEXT_CHARS = 320


@dataclass(frozen=True, slots=True)
class ShownPassage:
    """``before + start + quote + end + after`` reads on; ``page`` is where the quote begins."""

    citation: Citation
    before: str
    start: str
    quote: str
    end: str
    after: str
    page: int


def show_passage(answer: Message, number: int) -> ShownPassage | None:
    """Return a passage of an answer in its context, or None when there is no such number."""
    citation = answer.citations.filter(number=number).select_related("document").first()
    if citation is None:
        return None
    first = _page_text(citation, citation.page_start)
    last = (
        first
        if citation.page_end == citation.page_start
        else _page_text(citation, citation.page_end)
    )
    start, quote, end = _around(citation.text, citation.quote)
    return ShownPassage(
        citation=citation,
        before=_tail(first[: citation.char_start]),
        start=start,
        quote=quote,
        end=end,
        after=_head(last[citation.char_end :]),
        page=_page_of_quote(citation, len(start), len(first)),
    )


def _page_text(citation: Citation, number: int) -> str:
    if citation.document_id is None:
        return ""
    pages = DocumentPage.objects.for_instance(citation.instance_id)
    page = pages.filter(document_id=citation.document_id, number=number).first()
    return page.text if page else ""


def _around(text: str, quote: str) -> tuple[str, str, str]:
    """Split a passage around its quote, whatever the white space; all of it is quoted if absent."""
    words = [re.escape(word) for word in quote.split()]
    match = re.search(r"\s+".join(words), text) if words else None
    if match is None:
        return "", text, ""
    return text[: match.start()], match.group(), text[match.end() :]


def _page_of_quote(citation: Citation, offset: int, first_page_chars: int) -> int:
    reaches_over = first_page_chars and citation.char_start + offset >= first_page_chars
    return citation.page_end if reaches_over else citation.page_start


def _tail(text: str) -> str:
    if len(text) <= CONTEXT_CHARS:
        return text
    return "…" + text[-CONTEXT_CHARS:].split(" ", 1)[-1]


def _head(text: str) -> str:
    if len(text) <= CONTEXT_CHARS:
        return text
    return text[:CONTEXT_CHARS].rsplit(" ", 1)[0] + "…"
