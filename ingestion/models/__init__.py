"""Documents, their pages as extracted, and the chunks that retrieval ranks."""

from ingestion.models.chunks import (
    TERM_SPACE,
    Acronym,
    Chunk,
    CorpusStatistics,
    IndexShard,
    ShardList,
    TermStatistics,
)
from ingestion.models.documents import (
    DEFAULT_TITLE,
    MAX_TAG_CHARS,
    MAX_TAGS,
    Document,
    DocumentPage,
    stored_path,
)
from ingestion.models.scans import ScannedPage

__all__ = [
    "DEFAULT_TITLE",
    "MAX_TAGS",
    "MAX_TAG_CHARS",
    "TERM_SPACE",
    "Acronym",
    "Chunk",
    "CorpusStatistics",
    "Document",
    "DocumentPage",
    "IndexShard",
    "ScannedPage",
    "ShardList",
    "TermStatistics",
    "stored_path",
]
