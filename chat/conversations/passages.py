"""A cited passage as the panel shows it: the quoted words, in the passage, in the page's text.

Runs inside ``tenant(instance)``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chat.models import Citation, Message
from ingestion.models import DocumentPage

CONTEXT_CHARS = 320
# Words of a quote by which its page is found: a quote may run over to the next.
_OPENING_WORDS = 6


@dataclass(frozen=True, slots=True)
class ShownPassage:
    """``before + start + quote + end + after`` reads on; ``page`` is where the quote begins.

    For guests the quote stands alone, and is empty where the answer cites without quoting.
    """

    citation: Citation
    before: str
    start: str
    quote: str
    end: str
    after: str
    page: int


def show_passage(answer: Message, number: int, *, cited_only: bool) -> ShownPassage | None:
    """Return a passage of an answer in its context, or None when there is no such number.

    ``cited_only``: no passage that the answer does not cite, and of a cited one only the quote.
    """
    citation = answer.citations.filter(number=number).select_related("document").first()
    if citation is None or (cited_only and not citation.used):
        return None
    if cited_only:
        return _quote_alone(citation)
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
        page=page_of_quote(
            document_id=citation.document_id,
            page_start=citation.page_start,
            page_end=citation.page_end,
            quote=quote,
        ),
    )


def _quote_alone(citation: Citation) -> ShownPassage:
    page = page_of_quote(
        document_id=citation.document_id,
        page_start=citation.page_start,
        page_end=citation.page_end,
        quote=citation.quote,
    )
    quote = citation.quote
    return ShownPassage(citation, before="", start="", quote=quote, end="", after="", page=page)


def page_of_quote(*, document_id: UUID | None, page_start: int, page_end: int, quote: str) -> int:
    """Return the page, of those that a passage covers, on which a quote from it begins."""
    if page_start == page_end or document_id is None:
        return page_start
    opening = _spaced(quote.split()[:_OPENING_WORDS])
    pages = DocumentPage.objects.filter(
        document_id=document_id, number__range=(page_start, page_end)
    ).order_by("number")
    for number, text in pages.values_list("number", "text"):
        if opening and re.search(opening, text):
            return int(number)
    return page_start


def _page_text(citation: Citation, number: int) -> str:
    if citation.document_id is None:
        return ""
    pages = DocumentPage.objects.for_instance(citation.instance_id)
    page = pages.filter(document_id=citation.document_id, number=number).first()
    return page.text if page else ""


def _around(text: str, quote: str) -> tuple[str, str, str]:
    """Split a passage around its quote, whatever the white space; all of it is quoted if absent."""
    match = re.search(_spaced(quote.split()), text) if quote.strip() else None
    if match is None:
        return "", text, ""
    return text[: match.start()], match.group(), text[match.end() :]


def _spaced(words: Sequence[str]) -> str:
    """Return a pattern for words with any white space between them."""
    return r"\s+".join(re.escape(word) for word in words)


def _tail(text: str) -> str:
    if len(text) <= CONTEXT_CHARS:
        return text
    return "…" + text[-CONTEXT_CHARS:].split(" ", 1)[-1]


def _head(text: str) -> str:
    if len(text) <= CONTEXT_CHARS:
        return text
    return text[:CONTEXT_CHARS].rsplit(" ", 1)[0] + "…"
