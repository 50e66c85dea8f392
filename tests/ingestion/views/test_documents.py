"""The list of documents: access, contents, number of queries."""

import hashlib
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ingestion.documents import queries
from ingestion.documents.queries import DocumentFilter
from ingestion.models import Document
from ingestion.parsing.media_types import CSV, PDF
from instances.tenancy import tenant
from tests.factories import DocumentFactory

Status = Document.Status
LIST = "/i/law/documents/"


def rows(response):
    return [document.name for document in response.context["listing"].documents]


@pytest.mark.parametrize(
    ("person", "status"),
    [("owner", 200), ("editor", 200), ("teammate", 200), ("stranger", 404)],
)
@pytest.mark.parametrize("name", ["list", "picker"])
def test_only_member_can_list_documents(cast, client_for, name, person, status):
    url = reverse(f"documents:{name}", args=["law"])
    assert client_for(getattr(cast, person)).get(url).status_code == status


def test_anonymous_is_redirected_to_login(client, db):
    assert client.get(LIST).url == f"/accounts/login/?next={LIST}"


def test_empty_list_explains_what_to_do(cast, client_for):
    editor, member = client_for(cast.editor).get(LIST), client_for(cast.teammate).get(LIST)
    assert 'data-pick="files"' in editor.content.decode()
    assert 'data-pick="files"' not in member.content.decode()
    assert "<document-uploads" not in member.content.decode()


def test_documents_of_another_instance_are_not_listed(cast, client_for):
    DocumentFactory(instance=cast.other_instance, name="secret.txt")
    DocumentFactory(instance=cast.instance, name="ours.txt")
    assert rows(client_for(cast.teammate).get(LIST)) == ["ours.txt"]


def test_states_are_counted_and_filtered(cast, client_for):
    for status in Status:
        DocumentFactory(instance=cast.instance, name=f"{status}.txt", status=status)
    client = client_for(cast.owner)
    counts = client.get(LIST).context["listing"].counts
    assert (counts.total, counts.ready, counts.running, counts.failed) == (6, 1, 4, 1)
    assert rows(client.get(LIST, {"status": "failed"})) == ["failed.txt"]
    assert len(rows(client.get(LIST, {"status": "running"}))) == 4


def test_search_ignores_case_and_accents_and_looks_in_folders(cast, client_for):
    DocumentFactory(instance=cast.instance, name="Règlement intérieur.pdf")
    DocumentFactory(instance=cast.instance, name="Budget.csv", folder="Règlements/2026")
    DocumentFactory(instance=cast.instance, name="Autre.txt")
    client = client_for(cast.owner)
    assert set(rows(client.get(LIST, {"q": "REGLEMENT"}))) == {
        "Règlement intérieur.pdf",
        "Budget.csv",
    }
    assert rows(client.get(LIST, {"q": "reglement intérieur"})) == ["Règlement intérieur.pdf"]
    assert rows(client.get(LIST, {"q": "%"})) == []


def test_type_filter(cast, client_for):
    DocumentFactory(instance=cast.instance, name="a.pdf", media_type=PDF)
    DocumentFactory(instance=cast.instance, name="b.csv", media_type=CSV)
    assert rows(client_for(cast.owner).get(LIST, {"type": "sheet"})) == ["b.csv"]


def test_level_filter_and_names_of_levels_by_the_organisation(cast, client_for):
    DocumentFactory(instance=cast.instance, name="open.pdf")
    DocumentFactory(instance=cast.instance, name="closed.pdf", sensitivity="restricted")
    organisation = cast.instance.organisation
    organisation.restricted_label = "C3 confidentiel"
    organisation.save()
    client = client_for(cast.teammate)
    assert rows(client.get(LIST, {"level": "internal"})) == ["open.pdf"]
    restricted = client.get(LIST, {"level": "restricted"})
    assert rows(restricted) == ["closed.pdf"]
    assert "C3 confidentiel" in restricted.text


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("name", ["abbaye.txt", "École.txt", "Zèle.txt"]),
        ("-name", ["Zèle.txt", "École.txt", "abbaye.txt"]),
        ("-pages", ["École.txt", "Zèle.txt", "abbaye.txt"]),
        ("added", ["Zèle.txt", "École.txt", "abbaye.txt"]),
        ("", ["abbaye.txt", "École.txt", "Zèle.txt"]),
    ],
)
def test_list_is_sorted(cast, client_for, sort, names):
    for name, pages in (("Zèle.txt", 2), ("École.txt", 3), ("abbaye.txt", 1)):
        DocumentFactory(instance=cast.instance, name=name, pages=pages)
    assert rows(client_for(cast.owner).get(LIST, {"sort": sort})) == names


@pytest.mark.parametrize(
    "nonsense",
    [{"page": "x"}, {"page": "-1"}, {"sort": "password"}, {"status": "1"}, {"only": "?"}],
    ids=str,
)
def test_invalid_query_string_is_ignored(cast, client_for, nonsense):
    DocumentFactory(instance=cast.instance, name="a.txt")
    assert rows(client_for(cast.owner).get(LIST, nonsense)) == ["a.txt"]


def test_page_past_end_gives_last_page(cast, client_for):
    make_documents(cast.instance, queries.PAGE_SIZE + 1)
    response = client_for(cast.owner).get(LIST, {"page": "99"})
    assert len(rows(response)) == 1
    assert response.context["pages"] == {"previous": "?", "next": ""}
    links = response.context["numbers"]
    assert [(link.number, link.query, link.current) for link in links] == [
        (1, "?", False),
        (2, "?page=2", True),
    ]


@pytest.mark.parametrize(
    ("code", "reason", "retry", "replace"),
    [
        ("encrypted", "protected by a password", False, True),
        ("image_only", "only images", True, True),
        ("parse_timeout", "took too long", True, True),
        ("backend_unavailable", "error of the service", True, False),
    ],
)
def test_failed_document_shows_reason_and_what_helps(
    cast, client_for, code, reason, retry, replace
):
    failed = DocumentFactory(instance=cast.instance, status=Status.FAILED, error_code=code)
    own = reverse("documents:detail", args=["law", failed.pk])
    english = {"accept-language": "en"}
    for address in (LIST, own):
        page = client_for(cast.editor).get(address, headers=english).content.decode()
        assert reason in page
        assert (f"{failed.pk}/retry/" in page) == retry
        assert (f'data-replaces="{failed.pk}"' in page) == replace
    page = client_for(cast.teammate).get(LIST, headers=english).content.decode()
    assert reason in page
    assert "/retry/" not in page
    assert "data-replaces" not in page


def test_ready_document_with_warning_shows_what_was_left_out(cast, client_for):
    warnings = [{"code": "unreadable_parts", "details": ["chapitre-2.xhtml"]}]
    warned = DocumentFactory(instance=cast.instance, warnings=warnings)
    client = client_for(cast.teammate)
    own_page = reverse("documents:detail", args=["law", warned.pk])
    sentence = "were left out, wholly or in part: chapitre-2.xhtml."
    in_list, on_page = (
        client.get(url, headers={"accept-language": "en"}).content.decode()
        for url in (LIST, own_page)
    )
    DocumentFactory(instance=cast.instance)
    warned_only = client.get(LIST, {"status": "warned"})
    assert rows(warned_only) == [warned.name]
    assert warned_only.context["listing"].counts.of("warned") == 1
    assert "Ready, with a warning" in in_list
    assert sentence in in_list
    assert sentence in on_page


def test_progress_is_shown_in_passages(cast, client_for):
    DocumentFactory(instance=cast.instance, status=Status.EMBEDDING, chunks=40, embedded_chunks=12)
    page = client_for(cast.owner).get(LIST, headers={"accept-language": "en"}).content.decode()
    assert "Preparing: 12 passages of 40" in page
    assert 'max="40" value="12"' in page


def test_name_is_escaped(cast, client_for):
    DocumentFactory(instance=cast.instance, name='<img src=x onerror="alert(1)">.txt')
    page = client_for(cast.owner).get(LIST).content.decode()
    assert "<img src=x" not in page


def test_number_of_queries_is_constant(cast, client_for):
    client = client_for(cast.owner)
    make_documents(cast.instance, 1)
    client.get(LIST)
    with CaptureQueriesContext(connection) as for_one:
        client.get(LIST)
    make_documents(cast.instance, 120, start=1)
    with CaptureQueriesContext(connection) as for_many:
        client.get(LIST)
    assert len(for_many) == len(for_one)


def test_fingerprint_changes_with_any_document(cast):
    with tenant(cast.instance):
        before = queries.pulse(cast.instance)
    document = DocumentFactory(instance=cast.instance, status=Status.QUEUED)
    with tenant(cast.instance):
        added = queries.pulse(cast.instance)
        Document.objects.filter(pk=document.pk).update(
            updated_at=timezone.now() + timedelta(seconds=1)
        )
        moved = queries.pulse(cast.instance)
        document.delete()
        removed = queries.pulse(cast.instance)
    assert len({before, added, moved}) == 3
    assert removed == before
    assert added.running
    assert not removed.running


def test_filter_for_one_document_gives_that_document_only(cast):
    document = DocumentFactory(instance=cast.instance)
    DocumentFactory(instance=cast.instance)
    with tenant(cast.instance):
        listing = queries.list_documents(cast.instance, DocumentFilter(only=document.pk))
    assert listing.documents == (document,)


def make_documents(instance, number, start=0):
    keys = {n: uuid4() for n in range(start, start + number)}
    with tenant(instance):
        Document.objects.bulk_create(
            Document(
                pk=keys[n],
                file=f"{instance.pk}/{keys[n]}",
                instance=instance,
                name=f"{n:05}.txt",
                media_type="text/plain",
                size_bytes=1,
                sha256=hashlib.sha256(str(n).encode()).hexdigest(),
                status=Status.READY,
            )
            for n in range(start, start + number)
        )
