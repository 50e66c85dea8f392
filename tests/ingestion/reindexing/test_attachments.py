"""Attachments of conversations in another index."""

from io import BytesIO

import pytest

from ingestion import uploads
from ingestion.models import Chunk, CorpusStatistics, Document
from ingestion.reindexing import switching
from ingestion.reindexing.progress import progress_of
from instances.tenancy import tenant
from tests.cast import Cast
from tests.factories import ConversationFactory
from tests.ingestion.reindexing.conftest import PARKING, build, start
from tests.ingestion.stages import ingest

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_broker", "embeddings"),
]


def test_attachment_is_prepared_for_the_new_index_and_stays_out_of_its_figures(
    cast: Cast, documents: list[Document]
) -> None:
    conversation = ConversationFactory(instance=cast.instance, user=cast.teammate)
    with tenant(cast.instance):
        attached, _is_new = uploads.store_upload(
            instance=cast.instance,
            user=cast.teammate,
            name="parking.txt",
            content=BytesIO(PARKING.encode()),
            conversation_id=conversation.pk,
        )
    assert ingest(attached) == "ready"
    generation = build(start(cast.instance))
    with tenant(cast.instance):
        switching.switch(cast.instance.pk, generation.number)
        generation.refresh_from_db()
        attached.refresh_from_db()
        (passage,) = Chunk.objects.filter(document=attached, generation=generation.number)
        figures = CorpusStatistics.objects.get(generation=generation.number)
        progress = progress_of(generation)
    assert (generation.status, attached.status) == ("active", "ready")
    assert attached.index_generation == generation.number
    assert passage.attached_terms is not None
    assert passage.terms is None
    assert figures.chunk_count == len(documents)
    assert (progress.done, progress.total) == (len(documents), len(documents))
