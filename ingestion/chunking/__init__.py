"""Cuts a parsed document into passages: by structure, sized in the embedding model's own tokens.

1. `atoms`: blocks become pieces that are never cut if they fit: sentences, table rows, code lines.
2. `grouping`: atoms are gathered under their heading; a small group joins the next one.
3. `packing`: a group becomes passages of about equal size, cut between paragraphs where it can be.

A passage stays on its page, slide or sheet unless a paragraph runs on to the next page or what is
left of a page is too short to stand alone; it then records both pages. The size, and why passages
do not overlap: docs/decisions/004-chunking.md.
"""

from ingestion.chunking.context import embedding_text
from ingestion.chunking.passages import DEFAULT_CHUNK_TOKENS, chunk_document
from ingestion.chunking.tokens import TokenCounter

__all__ = ["DEFAULT_CHUNK_TOKENS", "TokenCounter", "chunk_document", "embedding_text"]
