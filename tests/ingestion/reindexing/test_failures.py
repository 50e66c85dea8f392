"""Documents that an index cannot take: which errors are theirs, and when they are tried again."""

from typing import Any

import pytest

from inference.embedding.client import EmbeddingClient
from inference.embedding.vectors import EmbeddedTexts
from inference.errors import AuthenticationFailed, BackendRejected
from ingestion.models import Document
from ingestion.reindexing import switching
from ingestion.reindexing.progress import Progress, progress_of
from instances.models import Instance
from instances.tenancy import tenant
from tests.cast import Cast
from tests.ingestion.reindexing.conftest import JUNE, SHORT, build, found, start
from tests.ingestion.stages import change, refreshed

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_broker", "embeddings"),
]


def test_document_of_another_level_is_tried_again(
    cast: Cast, documents: list[Document], settings: Any
) -> None:
    settings.EMBEDDING_MODELS[SHORT]["sensitivity"] = "public"
    Instance.objects.update(sensitivity="public")
    change(documents[0], sensitivity="internal")
    generation = build(start(cast.instance))
    with tenant(cast.instance):
        assert progress_of(generation) == Progress(done=1, failed=1, total=2)
    change(documents[0], sensitivity="")
    with tenant(cast.instance):
        assert progress_of(generation) == Progress(done=1, failed=0, total=2)
    assert build(generation).failures == {}
    with tenant(cast.instance):
        switching.switch(cast.instance.pk, generation.number)
    assert refreshed(documents[0]).status == "ready"
    assert found(cast.instance)[0] == JUNE


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (BackendRejected("400", status=400), "built", ""),
        (BackendRejected("404", status=404), "building", "backend_rejected"),
        (AuthenticationFailed("401", status=401), "building", "authentication_failed"),
    ],
    ids=["of the document", "no such address", "wrong key"],
)
def test_refusal_of_one_document_does_not_postpone_the_index(
    cast: Cast,
    documents: list[Document],
    monkeypatch: pytest.MonkeyPatch,
    error: BackendRejected,
    status: str,
    code: str,
) -> None:
    embed = EmbeddingClient.embed_passages

    def refuse(client: EmbeddingClient, texts: list[str], **options: Any) -> EmbeddedTexts:
        if any(JUNE in text for text in texts):
            raise error
        return embed(client, texts, **options)

    monkeypatch.setattr(EmbeddingClient, "embed_passages", refuse)
    generation = build(start(cast.instance))
    assert (generation.status, generation.error_code) == (status, code)
    assert set(generation.failures) == ({str(documents[0].pk)} if status == "built" else set())
