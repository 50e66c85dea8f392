"""The page *Search*: passages without an answer."""

from typing import Any

import pytest
from django.urls import reverse

from ingestion.models import Document
from instances.tenancy import tenant
from tests.cast import Cast
from tests.factories import MembershipFactory
from tests.fixtures.corpus import add_document
from usage.models import UsageRecord


def search(client: Any, slug: str = "law", **query: Any) -> Any:
    return client.get(reverse("chat:passages", args=[slug]), query)


def texts(response: Any) -> list[str]:
    return [document.name for document in response.context["results"].documents]


def test_passages_are_grouped_by_document_with_the_words_marked(
    library: Cast, client_for: Any
) -> None:
    with tenant(library.instance):
        document = Document.objects.get(name="conges.txt")
        document.title = "Règlement des congés"
        document.category = "règlement"
        document.save()
    page = search(client_for(library.teammate), q="jours de congé des doctorants")
    html = page.content.decode()
    assert texts(page)[0] == "conges.txt"
    assert "Règlement des congés" in html
    assert "<mark>doctorants</mark>" in html
    assert "<mark>de</mark>" not in html
    (best, *_others) = page.context["results"].documents
    opened = client_for(library.teammate).get(best.url)
    assert opened.context["reading"].chosen is not None
    with tenant(library.instance):
        record = UsageRecord.objects.get(kind="embedding")
    assert (record.outcome, record.user_id, record.api_key_id) == (
        "complete",
        library.teammate.pk,
        None,
    )


def test_filters_choose_the_documents(library: Cast, client_for: Any) -> None:
    with tenant(library.instance):
        for document in Document.objects.for_instance(library.instance):
            document.folder = f"rh/{document.name[0]}"
            document.tags = [document.name[0]]
            document.category = "Circulaire" if document.name == "conges.txt" else ""
            document.dated = "2023-05-04" if document.name == "missions.txt" else None
            document.save()
    client = client_for(library.teammate)
    for filters, names in (
        ({"folder": "rh/c"}, {"conges.txt"}),
        ({"folder": "rh"}, {"conges.txt", "missions.txt", "bibliotheque.txt"}),
        ({"folder": "r"}, set()),
        ({"tag": "m"}, {"missions.txt"}),
        ({"kind": "circulars"}, {"conges.txt"}),
        ({"since": "2023-05-04", "until": "2023-05-04"}, {"missions.txt"}),
        ({"since": "2023-05-05"}, set()),
    ):
        page = search(client, q="jours heures euros départ lecteur", **filters)
        found = set(texts(page)) if "results" in page.context else set()
        assert found == names, filters
    assert "Search all documents" in search(client, q="jours", tag="z").content.decode()
    wrong = search(client, q="jours", since="2024-01-01", until="2023-01-01")
    assert "before the first one" in wrong.content.decode()


def test_documents_are_on_pages_and_other_passages_are_folded(
    library: Cast, client_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.views.passage_search.PAGE_SIZE", 2)
    monkeypatch.setattr("chat.search.found_documents.SHOWN_PASSAGES", 1)
    text = "\n\n".join(f"Article {n}. Le départ est signé. " + f"Mot{n} " * 300 for n in range(4))
    add_document(library.instance, library.owner, "long.txt", text)
    client = client_for(library.teammate)
    first = search(client, q="départ")
    assert first.context["page"].paginator.num_pages == 2
    second = search(client, q="départ", page="2")
    shown = [document.name for page in (first, second) for document in page.context["page"]]
    assert sorted(shown) == sorted(texts(first)) == ["conges.txt", "long.txt", "missions.txt"]
    assert "other passage" in first.content.decode() + second.content.decode()


def test_search_without_words_in_common_shows_the_closest_and_says_so(
    library: Cast, client_for: Any
) -> None:
    page = search(client_for(library.teammate), q="xyzzy")
    assert page.context["results"].is_near_only
    html = page.content.decode()
    assert "The closest ones" in html
    assert "Words that no document uses: xyzzy" in " ".join(html.split())


def test_page_without_a_query_helps_and_costs_nothing(library: Cast, client_for: Any) -> None:
    client = client_for(library.teammate)
    assert "no model writes an answer" in search(client).content.decode()
    assert search(client, q=" ").status_code == 200
    assert search(client, q="a" * 501).status_code == 200
    with tenant(library.instance):
        assert not UsageRecord.objects.filter(kind="embedding").exists()
    empty = search(client_for(library.stranger), "physics", q="lumière")
    assert "nothing to search yet" in empty.content.decode()


def test_query_is_escaped(library: Cast, client_for: Any) -> None:
    add_document(library.instance, library.owner, "a.txt", "Balise <script>alert(1)</script> fin.")
    html = search(client_for(library.teammate), q='balise "><script>').content.decode()
    assert "<script>alert" not in html
    assert '"><script>' not in html


def test_only_members_search(library: Cast, client_for: Any, client: Any) -> None:
    guest = MembershipFactory(instance=library.instance, role="guest").user
    assert search(client_for(guest), q="congé").status_code == 403
    assert search(client_for(library.stranger), q="congé").status_code == 404
    assert search(client, q="congé").status_code == 302
    assert search(client_for(library.stranger), "physics", q="congé").status_code == 200


def test_limits_and_failures_are_said_on_the_page(
    library: Cast, client_for: Any, settings: Any
) -> None:
    settings.QUESTIONS_PER_MINUTE_PER_PERSON = 1
    client = client_for(library.teammate)
    assert search(client, q="congé").status_code == 200
    refused = search(client, q="congé")
    assert (refused.status_code, int(refused["Retry-After"]) > 0) == (429, True)
    assert "reached the limit" in refused.content.decode()


def test_search_that_cannot_embed_says_so(
    library: Cast, client_for: Any, no_embeddings: None
) -> None:
    failed = search(client_for(library.teammate), q="congé")
    assert failed.status_code == 503
    assert "cannot be searched at the moment" in failed.content.decode()
    with tenant(library.instance):
        assert UsageRecord.objects.get(kind="embedding").outcome == "failed"
