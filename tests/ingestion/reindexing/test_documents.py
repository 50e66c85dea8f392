"""Documents whose text cannot be read again as it was stored."""

from collections.abc import Callable
from threading import Event

import pytest
from django.core.files.storage import default_storage

from ingestion.indexing.generations import SearchIndex
from ingestion.models import Document, DocumentPage
from ingestion.reindexing.documents import passages_of
from instances.tenancy import tenant
from tests.cast import Cast
from tests.ingestion.reindexing.conftest import JUNE, LIBRARY, SHORT
from tests.ingestion.stages import ingest, refreshed

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_broker", "embeddings"),
]
INDEX = SearchIndex(generation=1, embedding_model=SHORT, chunk_tokens=256)


@pytest.fixture
def document(cast: Cast, upload: Callable[..., Document]) -> Document:
    uploaded = upload(f"{JUNE}\n\n{LIBRARY}")
    ingest(uploaded)
    return refreshed(uploaded)


def texts(document: Document) -> list[tuple[str, int, int]]:
    passages, _cpu_seconds = passages_of(document, INDEX, Event())
    return [(passage.text, passage.char_start, passage.char_end) for passage in passages]


def test_text_that_a_parser_reads_otherwise_now_is_cut_as_it_was_stored(
    document: Document,
) -> None:
    stored = f"Page 1\n\n{JUNE}"
    with tenant(document.instance_id):
        DocumentPage.objects.filter(document=document).update(text=stored)
    assert texts(document) == [(stored, 0, len(stored))]


def test_file_that_cannot_be_read_again_is_cut_from_its_stored_text(document: Document) -> None:
    before = texts(document)
    default_storage.delete(document.file.name)
    with default_storage.open(document.file.name, "wb") as file:
        file.write(b"%PDF-1.7\nnothing of a PDF follows")
    assert texts(document) == before
