"""Documents, their pages as extracted, and the chunks that retrieval ranks."""

from ingestion.models.chunks import (
    SEARCHABLE,
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
    DocumentQuerySet,
    stored_path,
)
from ingestion.models.generations import IndexGeneration
from ingestion.models.recordings import TranscribedPart
from ingestion.models.resumable_uploads import ResumableUpload
from ingestion.models.scans import ScannedPage

__all__ = [
    "DEFAULT_TITLE",
    "MAX_TAGS",
    "MAX_TAG_CHARS",
    "SEARCHABLE",
    "TERM_SPACE",
    "Acronym",
    "Chunk",
    "CorpusStatistics",
    "Document",
    "DocumentPage",
    "DocumentQuerySet",
    "IndexGeneration",
    "IndexShard",
    "ResumableUpload",
    "ScannedPage",
    "ShardList",
    "TermStatistics",
    "TranscribedPart",
    "stored_path",
]
