"""Cut a parsed document into passages, by structure, sized in tokens of the embedding model.

1. `atoms`: blocks are split into pieces that are cut only if they are too large for one passage:
   sentences, table rows, code lines.
2. `grouping`: atoms are grouped by heading; a small group is merged with the next one.
3. `packing`: a group is cut into passages of about equal size, between paragraphs if possible.

A passage lies on one page, slide or sheet. There are two exceptions: a paragraph that continues on
the next page, and a remainder too short to be a passage. The passage then records both pages. For
the size, and why passages do not overlap: docs/decisions/004-chunking.md.
"""

from ingestion.chunking.context import embedding_text
from ingestion.chunking.passages import DEFAULT_CHUNK_TOKENS, chunk_document
from ingestion.chunking.tokens import TokenCounter

__all__ = ["DEFAULT_CHUNK_TOKENS", "TokenCounter", "chunk_document", "embedding_text"]
