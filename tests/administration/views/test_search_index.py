"""The page of the search index: who may, what it costs, start, cancel, use, return."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from ingestion.models import IndexGeneration
from ingestion.reindexing import building
from instances.models import Instance
from instances.tenancy import tenant
from tests.cast import Cast
from tests.ingestion.factories import IndexGenerationFactory

MODEL = "intfloat/multilingual-e5-small"
FORM = {"embedding_model": "short", "chunk_tokens": 256, "switches_itself": ""}
ACTS = ["estimate", "start", "cancel", "use", "back"]


@pytest.fixture(autouse=True)
def offered(settings: Any) -> None:
    settings.EMBEDDING_MODELS = {
        "short": {
            "model": MODEL,
            "label": "E5, vecteurs courts",
            "dimensions": 256,
            "passage_prefix": "passage: ",
            "query_prefix": "query: ",
        },
        "nowhere": {"base_url": "http://127.0.0.1:9/v1"},
        "abroad": {"model": MODEL, "sensitivity": "public"},
    }


def url(name: str = "") -> str:
    return reverse(f"administration:search_index{name and '_'}{name}", args=["law"])


def generation(cast: Cast, number: int = 1) -> IndexGeneration:
    with tenant(cast.instance):
        return IndexGeneration.objects.get(number=number)


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize(
    ("person", "status"),
    [("owner", 200), ("editor", 403), ("teammate", 403), ("stranger", 404)],
)
def test_only_administrators_open_it(
    cast: Cast, client_for: Callable[..., Client], person: str, status: int
) -> None:
    browser = client_for(getattr(cast, person))
    assert browser.get(url()).status_code == status
    assert browser.get(url("progress")).status_code == status


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(
    ("person", "status"), [("editor", 403), ("teammate", 403), ("stranger", 404)]
)
@pytest.mark.django_db(transaction=True)
def test_only_administrators_act(
    cast: Cast, client_for: Callable[..., Client], act: str, person: str, status: int
) -> None:
    IndexGenerationFactory(instance=cast.instance, number=1, status="built")
    response = client_for(getattr(cast, person)).post(url(act), FORM)
    assert response.status_code == status
    assert generation(cast).status == "built"


def test_cost_is_shown_before_the_start(library: Cast, client_for: Callable[..., Client]) -> None:
    response = client_for(library.owner).post(url("estimate"), FORM)
    page = text_of(response)
    assert response.status_code == 200
    assert "<dd>256</dd>" in page
    assert "<dd>1 min</dd>" in page
    assert "Wh</dd>" in page
    assert url("start") in page
    with tenant(library.instance):
        assert not IndexGeneration.objects.exists()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"embedding_model": MODEL}, "the index that answers now"),
        ({"embedding_model": "unknown"}, "Select a valid choice"),
        ({"chunk_tokens": 5}, "greater than or equal to 48"),
        ({"embedding_model": "nowhere"}, "does not answer"),
        ({"embedding_model": "abroad"}, "too sensitive"),
    ],
    ids=["same", "unknown", "too small", "no answer", "not cleared"],
)
def test_what_cannot_be_is_refused_with_its_reason(
    library: Cast,
    client_for: Callable[..., Client],
    settings: Any,
    changed: dict[str, Any],
    words: str,
) -> None:
    settings.EMBEDDING_TIMEOUT_S = 1.0
    browser = client_for(library.owner)
    browser.cookies["django_language"] = "en"
    page = text_of(browser.post(url("estimate"), FORM | changed, HTTP_ACCEPT_LANGUAGE="en"))
    assert words in page
    assert url("start") not in page


def test_journey(library: Cast, client_for: Callable[..., Client]) -> None:
    browser = client_for(library.owner)
    browser.post(url("start"), FORM)
    assert browser.get(url("progress")).json()["is_unfinished"]
    assert "run-progress" in text_of(browser.get(url()))
    while building.work():
        pass
    assert not browser.get(url("progress")).json()["is_unfinished"]
    assert url("use") in text_of(browser.get(url()))
    browser.post(url("use"))
    assert Instance.objects.get(pk=library.instance.pk).embedding_model == "short"
    page = text_of(browser.get(url()))
    assert "E5, vecteurs courts" in page
    assert url("back") in page
    browser.post(url("back"))
    assert Instance.objects.get(pk=library.instance.pk).embedding_model == ""
    assert generation(library, 1).status == "kept"


def test_cancel_leaves_the_present_index(library: Cast, client_for: Callable[..., Client]) -> None:
    browser = client_for(library.owner)
    browser.post(url("start"), FORM)
    browser.post(url("cancel"))
    assert generation(library).status == "deleting"
    assert Instance.objects.get(pk=library.instance.pk).index_generation == 0


def test_index_that_is_not_in_step_is_not_used_yet(
    library: Cast, client_for: Callable[..., Client]
) -> None:
    browser = client_for(library.owner)
    browser.post(url("start"), FORM)
    with tenant(library.instance):
        IndexGeneration.objects.filter(number=1).update(status="built")
    page = text_of(browser.post(url("use"), follow=True, HTTP_ACCEPT_LANGUAGE="en"))
    assert url("use") in page
    assert Instance.objects.get(pk=library.instance.pk).index_generation == 0


def test_earlier_index_of_a_removed_model_is_refused(
    library: Cast, client_for: Callable[..., Client]
) -> None:
    with tenant(library.instance):
        IndexGenerationFactory(instance=library.instance, embedding_model="gone", status="kept")
    page = text_of(
        client_for(library.owner).post(url("back"), follow=True, HTTP_ACCEPT_LANGUAGE="en")
    )
    assert "no longer offer the model of this index" in page
    assert generation(library, 0).status == "kept"
