"""The passages given to an answer, under their numbers: as rows, and as data for clients."""

from typing import Any

from chat.answers.result import AnswerResult
from chat.models import Citation
from ingestion.places import place_of
from retrieval.search import RetrievedChunk


def citation_of(number: int, chunk: RetrievedChunk, **fields: Any) -> Citation:
    """Return a passage under its number as a row that is not saved, with other fields of it."""
    return Citation(
        number=number,
        document_id=chunk.document_id,
        chunk_id=chunk.chunk_id,
        document_name=chunk.document_name,
        document_title=chunk.document_title,
        unit=chunk.unit,
        heading=chunk.heading,
        page_start=chunk.page_start,
        page_end=chunk.page_end,
        page_label=chunk.page_label,
        page_end_label=chunk.page_end_label,
        char_start=chunk.char_start,
        char_end=chunk.char_end,
        text=chunk.text,
        score=chunk.score,
        is_withheld=chunk.is_withheld,
        copies=chunk.titles_of_copies,
        **fields,
    )


def cited_passages(result: AnswerResult) -> list[Citation]:
    """Return the passages that an ended answer cites, as rows that are not saved."""
    return [
        citation_of(number, result.chunks[number - 1], quote=quote, used=True)
        for number, quote in sorted(result.quotes.items())
    ]


def citation_data(citation: Citation) -> dict[str, Any]:
    """Return a passage in the form that clients receive."""
    return {
        "number": citation.number,
        "document_id": citation.document_id,
        "document": citation.document_name,
        "title": citation.display_title,
        "place": place_of(citation),
        "page_start": citation.page_start,
        "heading": citation.heading,
        "text": citation.text,
        "quote": citation.quote,
        "score": citation.score,
        "is_withheld": citation.is_withheld,
    }
