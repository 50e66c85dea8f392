"""Withholds from a model the passages that it may not receive (docs/decisions/029-sensitivity.md).

They stay among the sources that readers see, after those that are sent, so that the numbers of
these are those of the prompt.
"""

from collections.abc import Iterable
from dataclasses import replace

from inference.offered_models import OfferedModel
from retrieval.search import RetrievedChunk, SearchResult

# Codes of answers: made without these passages; the servers of the search may not receive the
# question.
PASSAGES_WITHHELD = "passages_withheld"
SEARCH_NOT_CLEARED = "search_not_cleared"


def withhold(found: SearchResult, model: OfferedModel) -> SearchResult:
    """Return the result with the passages above the clearance of the model marked, and last."""
    clearance = model.clearance
    marked = [
        chunk if clearance.covers(chunk.sensitivity) else replace(chunk, is_withheld=True)
        for chunk in found.chunks
    ]
    return replace(found, chunks=tuple(sorted(marked, key=lambda chunk: chunk.is_withheld)))


def sent_passages(chunks: Iterable[RetrievedChunk]) -> list[RetrievedChunk]:
    """Return the passages that the model receives, which it may cite."""
    return [chunk for chunk in chunks if not chunk.is_withheld]
