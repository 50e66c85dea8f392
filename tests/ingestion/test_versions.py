"""Versions of a document: one answers at a time, and nothing is lost in between."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inference.embedding.client import EmbeddingClient
from inference.embedding.vectors import EmbeddedTexts
from ingestion import pipeline, uploads, versions
from ingestion.errors import EmptyDocument, OtherDocument
from ingestion.models import Chunk, CorpusStatistics, Document
from instances.models import Sensitivity
from instances.tenancy import tenant
from retrieval.search import search
from tests.cast import Cast
from tests.ingestion.stages import change, ingest, refreshed, run_stage

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_broker", "embeddings"),
]
JUNE = "Le jury de soutenance se réunit en juin."
MAY = "Le jury de soutenance se réunit désormais en mai."
APRIL = "Le jury de soutenance se réunit exceptionnellement en avril."


def add(document: Document, text: str, name: str = "nouveau.txt") -> Document:
    with tenant(document.instance_id):
        current = Document.objects.get(pk=document.pk)
        added, _new = versions.add_version(
            current, user=None, name=name, content=BytesIO(text.encode())
        )
    return added


def found(cast: Cast, *documents: Document) -> list[str]:
    """The passages that a question finds, in ``documents`` only if there are any."""
    with tenant(cast.instance):
        result = search(
            instance=cast.instance,
            query="Quand le jury se réunit-il ?",
            sensitivity=Sensitivity.PUBLIC,
            top_k=5,
            document_ids=[document.pk for document in documents],
        )
    return [chunk.text for chunk in result.chunks]


def states(document: Document) -> list[tuple[int, str]]:
    with tenant(document.instance_id):
        return [(one.version, one.status) for one in versions.history(document)]


def test_new_version_replaces_the_old_when_it_is_ready(
    cast: Cast, upload: Callable[..., Document]
) -> None:
    old = upload(JUNE)
    ingest(old)
    new = add(old, MAY)
    assert run_stage(new) == "embedding"
    assert found(cast) == [JUNE]
    assert run_stage(new) == "ready"
    assert found(cast) == [MAY]
    assert states(old) == [(2, "ready"), (1, "superseded")]
    with tenant(cast.instance):
        # What answers have cited stays, and is no longer counted.
        assert Chunk.objects.filter(document=old, terms=None).count() == 1
        assert CorpusStatistics.objects.get().chunk_count == 1


def test_question_restricted_to_a_document_finds_its_current_version(
    cast: Cast, upload: Callable[..., Document]
) -> None:
    old, other = upload(JUNE), upload("Le jury des prix se réunit en mars.", "prix.txt")
    for document in (old, other):
        ingest(document)
    ingest(add(old, MAY))
    assert found(cast, old) == [MAY]


def test_failed_version_leaves_the_old_one_answering(
    cast: Cast, upload: Callable[..., Document]
) -> None:
    old = upload(JUNE)
    ingest(old)
    broken = add(old, "%PDF-1.7 broken", "casse.pdf")
    assert ingest(broken) == "failed"
    assert found(cast) == [JUNE]
    # The next file takes its place.
    ingest(add(broken, MAY))
    assert states(old) == [(2, "ready"), (1, "superseded")]
    assert not default_storage.exists(f"{broken.instance_id}/{broken.pk}")


def test_refused_file_changes_nothing(cast: Cast, upload: Callable[..., Document]) -> None:
    old, other = upload(JUNE), upload(APRIL, "autre.txt")
    ingest(old)
    pending = add(old, MAY)
    for text, error in (("", EmptyDocument), (APRIL, OtherDocument)):
        with pytest.raises(error):
            add(old, text)
    assert states(old) == [(2, "queued"), (1, "ready")]
    assert states(other) == [(1, "queued")]
    assert default_storage.exists(pending.file.name)


def test_latest_file_prevails_over_one_in_preparation(
    cast: Cast, upload: Callable[..., Document]
) -> None:
    old = upload(JUNE)
    ingest(old)
    overtaken, latest = add(old, MAY), add(old, APRIL)
    assert ingest(overtaken) is None
    assert ingest(latest) == "ready"
    assert found(cast) == [APRIL]


def test_old_version_is_restored_at_once(cast: Cast, upload: Callable[..., Document]) -> None:
    old = upload(JUNE)
    ingest(old)
    ingest(add(old, MAY))
    with tenant(cast.instance):
        versions.restore(refreshed(old))
    assert found(cast) == [JUNE]
    assert states(old) == [(3, "ready"), (2, "superseded")]
    # The same bytes again restore it as well.
    assert add(old, MAY).status == "ready"
    assert found(cast) == [MAY]


def test_restored_version_of_another_model_is_embedded_again(
    cast: Cast, upload: Callable[..., Document]
) -> None:
    old = upload(JUNE)
    ingest(old)
    ingest(add(old, MAY))
    change(old, embedding_model="another model")
    with tenant(cast.instance):
        versions.restore(refreshed(old))
    assert found(cast) == [MAY]
    assert run_stage(refreshed(old)) == "ready"
    assert found(cast) == [JUNE]


def test_version_inherits_what_people_said_of_the_document(
    cast: Cast, upload: Callable[..., Document]
) -> None:
    old = upload("# Titre du fichier\n\n" + JUNE, "a.md")
    ingest(old)
    kept = {"folder": "Droit", "author": "DRH", "category": "note", "tags": ["jury"]}
    change(old, **kept)
    first = add(old, "# Autre titre\n\n" + MAY, "b.md")
    ingest(first)
    first = refreshed(first)
    assert {name: getattr(first, name) for name in kept} == kept
    assert first.title == "Autre titre"
    with tenant(cast.instance):
        uploads.retitle(first, "Jurys")
    second = add(first, "# Encore un titre\n\n" + APRIL, "c.md")
    ingest(second)
    assert refreshed(second).title == "Jurys"


def test_oldest_versions_are_deleted(
    cast: Cast, upload: Callable[..., Document], settings: Any
) -> None:
    settings.DOCUMENT_VERSIONS_KEPT = 1
    document = upload(JUNE)
    ingest(document)
    for text in (MAY, APRIL, "Le jury se réunit en mars."):
        ingest(add(document, text))
        document = current(document)
    assert [number for number, _status in states(document)] == [4, 3, 2]
    add(document, "Le jury ne se réunit plus.")
    assert [number for number, _status in states(document)] == [5, 4, 3]


def current(document: Document) -> Document:
    with tenant(document.instance_id):
        version = versions.current_version(document)
    assert version is not None
    return version


def test_deletion_of_the_current_version_deletes_all(
    cast: Cast, upload: Callable[..., Document]
) -> None:
    old = upload(JUNE)
    ingest(old)
    new = add(old, MAY)
    ingest(new)
    pending = add(new, APRIL)
    with tenant(cast.instance):
        versions.delete(refreshed(new))
        assert not Document.objects.exists()
        assert CorpusStatistics.objects.get().chunk_count == 0
    for document in (old, new, pending):
        assert not default_storage.exists(document.file.name)


def test_deletion_of_a_replaced_version_leaves_the_current(
    cast: Cast, upload: Callable[..., Document]
) -> None:
    old = upload(JUNE)
    ingest(old)
    ingest(add(old, MAY))
    with tenant(cast.instance):
        versions.delete(refreshed(old))
    assert found(cast) == [MAY]
    assert states(old) == [(2, "ready")]


def test_passages_that_are_the_same_in_a_new_version_are_not_embedded_again(
    cast: Cast, upload: Callable[..., Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    embed_passages = EmbeddingClient.embed_passages

    def recorded(client: EmbeddingClient, texts: list[str], **options: Any) -> EmbeddedTexts:
        sent.extend(texts)
        return embed_passages(client, texts, **options)

    monkeypatch.setattr(EmbeddingClient, "embed_passages", recorded)
    rules = " ".join(f"La règle {number} vaut pour tous les services." for number in range(60))
    old = upload(f"# Jury\n\n{JUNE}\n\n# Règles\n\n{rules}", "regles.md")
    ingest(old)
    embedded = len(sent)
    sent.clear()
    new = add(old, f"# Jury\n\n{MAY}\n\n# Règles\n\n{rules}", "regles.md")
    assert ingest(new) == "ready"
    assert [text for text in sent if MAY not in text] == []
    assert 1 == len(sent) < embedded
    with tenant(cast.instance):
        vectors = {
            (one.document_id, one.text): list(one.embedding)
            for one in Chunk.objects.filter(document__in=[old.pk, new.pk])
        }
    same = {text for document, text in vectors if document == old.pk} - {JUNE}
    assert same
    for text in same:
        assert vectors[new.pk, text] == vectors[old.pk, text]
    assert refreshed(new).embedded_chunks == refreshed(new).chunks


def test_vectors_of_other_versions_are_looked_for_once(
    upload: Callable[..., Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "EMBEDDING_BATCH", 1)
    monkeypatch.setattr(pipeline, "BATCHES_A_TURN", 1)
    old = upload(JUNE)
    ingest(old)
    new = add(old, " ".join(f"La règle {number} vaut pour tous." for number in range(150)))
    looked_for = []
    for _stage in range(4):
        with CaptureQueriesContext(connection) as queries:
            status = run_stage(new)
        assert status == "embedding"
        looked_for.append(any("AS known" in query["sql"] for query in queries))
    assert looked_for == [False, True, False, False]


def test_ready_document_no_longer_goes_first(cast: Cast, upload: Callable[..., Document]) -> None:
    document = upload(JUNE)
    change(document, priority=uploads.FIRST)
    ingest(document)
    assert (refreshed(document).status, document.priority) == (Document.Status.READY, 0)
