"""The optional reranker, over real HTTP."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from inference.token_usage import TokenUsage
from instances.models import Instance, Sensitivity
from retrieval.rerank import CANDIDATES, arerank_chunks, candidate_count, rerank_chunks
from retrieval.results import RetrievedChunk


class _LongestFirst(BaseHTTPRequestHandler):
    """Scores a text by its length; refuses when the query is "refuse"."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        results = [
            {"index": index, "relevance_score": len(text)}
            for index, text in enumerate(body["documents"])
        ]
        answer = json.dumps({"results": results}).encode()
        self.send_response(400 if body["query"] == "refuse" else 200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture
def reranker(settings: Any) -> Iterator[None]:
    with HTTPServer(("127.0.0.1", 0), _LongestFirst) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        settings.RERANK_BASE_URL = f"http://127.0.0.1:{server.server_port}/v1"
        settings.RERANK_MODEL = "longest-first"
        yield
        server.shutdown()
        thread.join()


def chunk(number: int, text: str) -> RetrievedChunk:
    return RetrievedChunk(
        chunk_id=number, document_id=None, document_name="", document_title="", unit="page",
        page_start=1, page_end=1, page_label="", heading="", text=text, char_start=0,
        char_end=len(text), score=-number, cosine=0.0, bm25=0.0, relevance=0.5,
        sensitivity=Sensitivity.PUBLIC,
    )  # fmt: skip


# The reranker is on this machine, so nothing is read of it.
INSTANCE = Instance()
CHUNKS = (chunk(1, "a"), chunk(2, "long"), chunk(3, "ab"), chunk(4, "cd"))


def ids(chunks: tuple[RetrievedChunk, ...]) -> list[int]:
    return [c.chunk_id for c in chunks]


def test_no_reranker_by_default() -> None:
    assert candidate_count(6) == 6
    assert (
        rerank_chunks(INSTANCE, "query", CHUNKS, 2, sensitivity=Sensitivity.PUBLIC).chunks
        == CHUNKS[:2]
    )


@pytest.mark.parametrize("j_per_token", [0.5, None], ids=["stated", "not_stated"])
def test_what_another_server_reads_is_counted(reranker: None, settings: Any, j_per_token) -> None:
    settings.RERANK_J_PER_TOKEN = j_per_token
    found = rerank_chunks(INSTANCE, "query", CHUNKS, 2, sensitivity=Sensitivity.PUBLIC)
    assert found.server is not None
    assert found.server.prompt_j_per_token == j_per_token
    # "query" four times, and each text.
    assert found.tokens == TokenUsage(8, 0, estimated=True)


def test_order_and_scores_of_the_reranker_replace_those_of_fusion(reranker: None) -> None:
    assert candidate_count(6) == CANDIDATES
    reranked = rerank_chunks(INSTANCE, "query", CHUNKS, 3, sensitivity=Sensitivity.PUBLIC).chunks
    assert ids(reranked) == [2, 3, 4]
    assert [c.score for c in reranked] == [4.0, 2.0, 2.0]


def test_what_was_in_force_stays_first_with_a_reranker(reranker: None) -> None:
    old = replace(chunk(1, "Le repas coûte 5,40 € au restaurant."), document_dated=date(2021, 1, 1))
    new = replace(chunk(2, "Le repas coûte 6 € au restaurant."), document_dated=date(2024, 1, 1))
    longer = chunk(3, "Le télétravail est autorisé deux jours par semaine, après accord écrit.")
    fused = (replace(new, put_before=1), old, longer)
    found = {
        query: rerank_chunks(INSTANCE, query, fused, 2, sensitivity=Sensitivity.PUBLIC).chunks
        for query in ("Quel est le tarif actuel ?", "Quel est le tarif ?")
    }
    assert [(each.chunk_id, each.put_before) for each in found["Quel est le tarif actuel ?"]] == [
        (3, None), (2, 1),
    ]  # fmt: skip
    assert [(each.chunk_id, each.put_before) for each in found["Quel est le tarif ?"]] == [
        (3, None), (1, None),
    ]  # fmt: skip


@pytest.mark.parametrize("query", ["query", "refuse"])
def test_asynchronous_version_returns_the_same(reranker: None, query: str) -> None:
    assert async_to_sync(arerank_chunks)(
        INSTANCE, query, CHUNKS, 3, sensitivity=Sensitivity.PUBLIC
    ) == rerank_chunks(INSTANCE, query, CHUNKS, 3, sensitivity=Sensitivity.PUBLIC)


def test_fused_order_is_kept_when_the_reranker_fails(reranker: None) -> None:
    assert ids(
        rerank_chunks(INSTANCE, "refuse", CHUNKS, 3, sensitivity=Sensitivity.PUBLIC).chunks
    ) == [
        1,
        2,
        3,
    ]
