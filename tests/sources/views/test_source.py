"""One source: run now, pause, resume, delete."""

from collections.abc import Callable

import pytest
from django.test import Client

from ingestion.models import Document
from instances.models import AuditEntry
from instances.tenancy import overseeing, tenant
from people.models import User
from sources.models import Source, SourceRun
from sources.runs import working
from tests.cast import Cast
from tests.factories import DocumentFactory
from tests.sources.factories import SourceFactory, SourceItemFactory, SourceRunFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]
Run = Callable[[Source], SourceRun]


@pytest.fixture
def source(cast: Cast) -> Source:
    """A source with a document."""
    made: Source = SourceFactory(instance=cast.instance, schedule="daily")
    SourceItemFactory(
        instance=cast.instance,
        source=made,
        document=DocumentFactory(instance=cast.instance),
        owns_document=True,
    )
    return made


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["django_language"] = "en"
    return client


def stored(source: Source) -> Source:
    with tenant(source.instance_id):
        found: Source = Source.objects.get(pk=source.pk)
    return found


def runs(source: Source) -> list[SourceRun]:
    with tenant(source.instance_id):
        return list(SourceRun.objects.filter(source=source))


def actions(cast: Cast) -> list[str]:
    with overseeing():
        entries = AuditEntry.objects.filter(
            instance_id=cast.instance.pk, action__startswith="source"
        )
        return list(entries.order_by("at").values_list("action", flat=True))


@pytest.mark.parametrize(("who", "status"), [("teammate", 403), ("stranger", 404)])
def test_acts_are_for_editors(cast: Cast, source: Source, who: str, status: int) -> None:
    client = client_of(getattr(cast, who))
    for act in ("run", "pause", "resume", "delete", "edit"):
        assert client.post(f"/i/law/sources/{source.pk}/{act}/").status_code == status
    assert runs(source) == []
    assert actions(cast) == []


def test_run_now_starts_one_run(cast: Cast, source: Source) -> None:
    client = client_of(cast.editor)
    for _time in range(2):
        client.post(f"/i/law/sources/{source.pk}/run/")
    (run,) = runs(source)
    assert (run.status, run.created_by_id) == ("queued", cast.editor.pk)
    assert actions(cast) == ["source.run"]
    progress = client.get(f"/i/law/sources/{source.pk}/progress/").json()
    assert progress == {"asked": 0, "total": 0, "is_unfinished": True}


def test_paused_source_stops_and_does_not_run(cast: Cast, source: Source) -> None:
    client = client_of(cast.editor)
    client.post(f"/i/law/sources/{source.pk}/run/")
    client.post(f"/i/law/sources/{source.pk}/pause/")
    assert stored(source).next_run_at is None
    (run,) = runs(source)
    assert run.status == "cancelled"
    client.post(f"/i/law/sources/{source.pk}/run/")
    assert len(runs(source)) == 1
    client.post(f"/i/law/sources/{source.pk}/resume/")
    assert stored(source).next_run_at is not None
    assert actions(cast) == ["source.run", "source.changed", "source.changed"]


def test_deleted_source_may_leave_its_documents(cast: Cast, source: Source) -> None:
    client = client_of(cast.editor)
    assert (
        "1 document was made" in client.get(f"/i/law/sources/{source.pk}/delete/").content.decode()
    )
    client.post(f"/i/law/sources/{source.pk}/delete/", {"documents": "keep"})
    with tenant(cast.instance):
        assert Source.objects.count() == 0
        assert Document.objects.count() == 1
    assert actions(cast) == ["source.removed"]


@pytest.mark.django_db(transaction=True)
def test_deleted_source_may_take_its_documents_along(cast: Cast, source: Source) -> None:
    client = client_of(cast.editor)
    own = DocumentFactory(instance=cast.instance)
    client.post(f"/i/law/sources/{source.pk}/delete/", {"documents": "delete"})
    assert client.get(f"/i/law/sources/{source.pk}/").status_code == 404
    assert "Being deleted" in client.get("/i/law/sources/").content.decode()
    while working.work():
        pass
    with tenant(cast.instance):
        assert Source.objects.count() == 0
        assert list(Document.objects.values_list("pk", flat=True)) == [own.pk]


def test_page_shows_the_report(cast: Cast, source: Source) -> None:
    lines = [
        {"name": "a.html", "url": "https://x.example/a", "outcome": "added", "code": ""},
        {"name": "b.pdf", "url": "javascript:alert(1)", "outcome": "failed", "code": "too_slow"},
    ]
    SourceRunFactory(instance=cast.instance, source=source, added=1, failed=1, lines=lines)
    page = client_of(cast.editor).get(f"/i/law/sources/{source.pk}/").content.decode()
    assert 'href="https://x.example/a"' in page
    assert "The server took too long to answer." in page
    assert "javascript:" not in page


def test_page_of_a_document_names_its_source(cast: Cast) -> None:
    law = {"instance": cast.instance}
    source = SourceFactory(name="The guide", **law)
    document = DocumentFactory(**law)
    other = DocumentFactory(**law)
    SourceItemFactory(source=source, document=document, owns_document=True, **law)
    SourceItemFactory(source=source, document=other, **law)
    address = f"/i/law/documents/{document.pk}/"
    page = client_of(cast.editor).get(address).text
    assert f'href="/i/law/sources/{source.pk}/"><bdi>The guide</bdi></a>' in page
    reader = client_of(cast.teammate)
    page = reader.get(address).text
    assert "<bdi>The guide</bdi>" in page
    assert str(source.pk) not in page
    # The same bytes were here before the source had them.
    assert "The guide" not in reader.get(f"/i/law/documents/{other.pk}/").text
