"""Personal data of queries stay on this machine when servers elsewhere embed or rerank."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync

from inference.base_urls import is_on_this_machine
from inference.fair_turns import NOBODY
from instances.access.api_keys import create_api_key
from instances.models import Organisation, Sensitivity
from instances.tenancy import tenant
from retrieval import masking
from retrieval.rerank import arerank_chunks, rerank_chunks
from retrieval.search import aembed, search
from tests.cast import Cast
from tests.inference.embedding.replies import embeddings
from tests.retrieval.test_rerank import CHUNKS
from tests.scripted_llm import ScriptedLLM, json_reply

PHONE = "06 12 34 56 78"
QUERY = f"À qui est le numéro {PHONE} ?"
MASKED = "À qui est le numéro [telephone number] ?"
RULES = [("ask", True), ("refuse", True), ("off", False)]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def elsewhere(
    scripted_llm: ScriptedLLM, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> ScriptedLLM:
    """A server that embeds and reranks; tests reach no other machine than this one."""
    monkeypatch.setattr(masking, "is_on_this_machine", lambda address: False)
    settings.EMBEDDING_BASE_URL = settings.RERANK_BASE_URL = scripted_llm.base_url
    settings.RERANK_MODEL = "reranker"
    settings.EMBEDDING_QUERY_PREFIX = ""
    return scripted_llm


@pytest.mark.parametrize(
    ("base_url", "is_here"),
    [
        ("http://127.0.0.1:8003/v1", True),
        ("http://localhost:8003/v1", True),
        ("http://[::1]/v1", True),
        ("http://embedding:8003/v1", False),
        ("https://10.0.0.4/v1", False),
        ("https://localhost.example.org/v1", False),
    ],
)
def test_addresses_of_this_machine(base_url: str, is_here: bool) -> None:
    assert is_on_this_machine(base_url) is is_here


def set_rule(cast: Cast, rule: str) -> None:
    Organisation.objects.filter(pk=cast.instance.organisation_id).update(personal_data_rule=rule)
    cast.instance.organisation.refresh_from_db()


@pytest.mark.parametrize(("rule", "is_masked"), RULES)
def test_query_leaves_for_another_machine_by_the_rule_of_the_organisation(
    cast: Cast, elsewhere: ScriptedLLM, rule: str, is_masked: bool
) -> None:
    set_rule(cast, rule)
    sent = MASKED if is_masked else QUERY
    scores = json_reply({"results": [{"index": i, "relevance_score": i} for i in range(4)]})
    elsewhere.script(embeddings([1, 0]), scores, scores)
    level = Sensitivity.PUBLIC
    async_to_sync(aembed)(QUERY, instance=cast.instance, sensitivity=level, asker=NOBODY)
    async_to_sync(arerank_chunks)(cast.instance, QUERY, CHUNKS, 2, sensitivity=level)
    with tenant(cast.instance):
        rerank_chunks(cast.instance, QUERY, CHUNKS, 2, sensitivity=level)
    embedded, *reranked = [request.body for request in elsewhere.requests]
    assert embedded["input"] == [sent]
    assert [body["query"] for body in reranked] == [sent, sent]
    # Passages are sent by their level.
    assert reranked[0]["documents"] == [chunk.text for chunk in CHUNKS]


def test_server_on_this_machine_reads_the_query_as_it_is(
    cast: Cast, scripted_llm: ScriptedLLM, settings: Any
) -> None:
    settings.EMBEDDING_BASE_URL, settings.EMBEDDING_QUERY_PREFIX = scripted_llm.base_url, ""
    scripted_llm.script(embeddings([1, 0]))
    level = Sensitivity.PUBLIC
    async_to_sync(aembed)(QUERY, instance=cast.instance, sensitivity=level, asker=NOBODY)
    assert scripted_llm.requests[0].body["input"] == [QUERY]


def test_search_ranks_by_the_words_that_are_masked_elsewhere(
    library: Cast, elsewhere: ScriptedLLM, settings: Any
) -> None:
    settings.RERANK_BASE_URL = ""
    elsewhere.script(embeddings([1.0] + [0.0] * 383))
    with tenant(library.instance):
        found = search(
            instance=library.instance, query=QUERY, sensitivity=Sensitivity.INTERNAL, top_k=2
        )
    assert elsewhere.requests[0].body["input"] == [MASKED]
    assert "34" in found.unknown_words


@pytest.mark.parametrize(("kind", "sent"), [("query", MASKED), ("passage", QUERY)])
def test_texts_of_the_api_are_masked_as_queries_only(
    cast: Cast, elsewhere: ScriptedLLM, client: Any, settings: Any, kind: str, sent: str
) -> None:
    settings.EMBEDDING_PASSAGE_PREFIX = ""
    _key, secret = create_api_key(
        instance=cast.instance, name="k", created_by=cast.owner, scope="chat"
    )
    elsewhere.script(embeddings([1, 0]))
    response = client.post(
        "/v1/embeddings",
        {"input": QUERY, "input_type": kind},
        content_type="application/json",
        headers={"authorization": f"Bearer {secret}"},
    )
    assert response.status_code == 200
    assert elsewhere.requests[0].body["input"] == [sent]
