"""A cited passage as the panel shows it: the quoted words in the text of passage and page.

Runs inside ``tenant(instance)``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chat.models import Citation, Message
from ingestion.documents.segments import Segment
from ingestion.documents.tables import Part, parts
from ingestion.models import DocumentPage
from ingestion.places import Place, place_of

CONTEXT_CHARS = 320
# The first words of a quote determine its page, as a quote may continue on the next page.
_OPENING_WORDS = 6


@dataclass(frozen=True, slots=True)
class ShownPassage:
    """``before + start + quote + end + after`` is continuous text; the quote begins on ``page``.

    Guests see the quote only, which is empty when the answer cites the passage without a quote.
    """

    citation: Citation
    before: str
    start: str
    quote: str
    end: str
    after: str
    page: int
    page_label: str

    @property
    def place(self) -> str:
        """The page in words."""
        one = Place(
            self.citation.display_title, self.citation.unit, self.page, self.page, self.page_label
        )
        return place_of(one, capitalised=True)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The text in parts, tables as tables; the quote is marked."""
        return parts(
            [
                Segment(self.before, is_context=True),
                Segment(self.start),
                Segment(self.quote, hit=True),
                Segment(self.end),
                Segment(self.after, is_context=True),
            ]
        )


def show_passage(answer: Message, number: int, *, cited_only: bool) -> ShownPassage | None:
    """Return a passage of an answer in its context, or None when there is no such number.

    With ``cited_only`` (guests): only passages that the answer cites, and only their quotes.
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
    page, label = page_of_quote(citation)
    return ShownPassage(
        citation=citation,
        before=_tail(first[: citation.char_start]),
        start=start,
        quote=quote,
        end=end,
        after=_head(last[citation.char_end :]),
        page=page,
        page_label=label,
    )


def _quote_alone(citation: Citation) -> ShownPassage:
    page, label = page_of_quote(citation)
    return ShownPassage(
        citation,
        before="",
        start="",
        quote=citation.quote,
        end="",
        after="",
        page=page,
        page_label=label,
    )


def page_of_quote(citation: Citation) -> tuple[int, str]:
    """Return the page of a cited passage on which its quote begins, and the label of this page."""
    first, last = citation.page_start, citation.page_end
    opening = _spaced(citation.quote.split()[:_OPENING_WORDS])
    if first == last or citation.document_id is None or not opening:
        return first, citation.page_label
    pages = DocumentPage.objects.filter(
        document_id=citation.document_id, number__range=(first, last)
    ).order_by("number")
    for number, label, text in pages.values_list("number", "label", "text"):
        if re.search(opening, text):
            return int(number), str(label)
    return first, citation.page_label


def _page_text(citation: Citation, number: int) -> str:
    if citation.document_id is None:
        return ""
    pages = DocumentPage.objects.for_instance(citation.instance_id)
    page = pages.filter(document_id=citation.document_id, number=number).first()
    return page.text if page else ""


def _around(text: str, quote: str) -> tuple[str, str, str]:
    """Split a passage around its quote, ignoring white space; without it, quote the passage."""
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
    start = len(text) - CONTEXT_CHARS
    if _is_in_row(text, start):
        # Rows of tables are whole.
        return "…\n" + text[start:].partition("\n")[2]
    return "…" + text[start:].split(" ", 1)[-1]


def _head(text: str) -> str:
    if len(text) <= CONTEXT_CHARS:
        return text
    if _is_in_row(text, CONTEXT_CHARS):
        return text[:CONTEXT_CHARS].rpartition("\n")[0] + "\n…"
    return text[:CONTEXT_CHARS].rsplit(" ", 1)[0] + "…"


def _is_in_row(text: str, offset: int) -> bool:
    """Whether an offset is inside a row of a table, in Markdown."""
    line = text[text.rfind("\n", 0, offset) + 1 :].partition("\n")[0]
    return line.startswith("|") and line.rstrip().endswith("|")
