"""The embedding models that instances may use."""

from typing import Any

import pytest

from inference.embedding.client import EmbeddingEndpoint
from inference.embedding.offered import offered_embedding, offered_embeddings
from inference.errors import ModelNotFound


@pytest.fixture
def offered(settings: Any) -> None:
    settings.EMBEDDING_API_KEY = "of the site"
    settings.EMBEDDING_MODELS = {
        "short": {"model": settings.EMBEDDING_MODEL, "dimensions": 256, "query_prefix": "q: "},
        "tei": {"base_url": "http://tei/v1", "sensitivity": "public", "label": "Fast"},
    }


def test_site_comes_first(offered: None, settings: Any) -> None:
    assert [each.name for each in offered_embeddings()] == [
        settings.EMBEDDING_MODEL,
        "short",
        "tei",
    ]
    assert offered_embedding("") == offered_embedding(settings.EMBEDDING_MODEL)


def test_model_of_the_same_server_has_its_own_prefixes(offered: None, settings: Any) -> None:
    endpoint = EmbeddingEndpoint.of_model("short")
    assert (endpoint.model, endpoint.dimensions) == (settings.EMBEDDING_MODEL, 256)
    assert (endpoint.query_prefix, endpoint.passage_prefix) == ("q: ", "")
    assert (endpoint.base_url, endpoint.api_key) == (settings.EMBEDDING_BASE_URL, "of the site")


def test_another_server_gets_no_key_of_the_site(offered: None) -> None:
    found = offered_embedding("tei")
    assert (found.model, found.base_url, found.api_key) == ("tei", "http://tei/v1", "")
    assert (found.clearance, found.label) == ("public", "Fast")


def test_model_that_is_no_longer_offered_is_named(settings: Any) -> None:
    settings.EMBEDDING_MODELS = {}
    with pytest.raises(ModelNotFound, match="short"):
        EmbeddingEndpoint.of_model("short")
