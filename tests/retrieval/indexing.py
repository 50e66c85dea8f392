"""Documents made searchable without a file or a model: the tests choose the embeddings."""

from collections.abc import Sequence

from ingestion.indexing import statistics
from ingestion.models import Document, DocumentPage
from instances.models import Instance
from instances.tenancy import tenant
from tests.factories import ChunkFactory, DocumentFactory


def add_document(
    instance: Instance,
    *passages: tuple[str, Sequence[float]],
    searchable: bool = True,
    **fields: str,
) -> Document:
    """A document of one page a passage; each passage is its text and its embedding."""
    document = DocumentFactory(instance=instance, **fields)
    with tenant(instance):
        for number, (text, embedding) in enumerate(passages, start=1):
            DocumentPage.objects.create(
                instance=instance, document=document, number=number, label=f"p. {number}", text=text
            )
            ChunkFactory(
                instance=instance,
                document=document,
                position=number - 1,
                text=text,
                embedding=list(embedding),
                page_start=number,
                page_end=number,
            )
        if searchable:
            statistics.make_searchable(document)
    return document
