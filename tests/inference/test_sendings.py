"""What leaves for a model server, and what guards it (docs/decisions/029-sensitivity.md).

A new kind of request, and a new module that sends something, fail here until somebody has decided
what guards them. All senders check the clearance of the server themselves
(``tests/inference/test_clearance.py``); they take the sensitivity of what is sent, which none of
them may leave out.
"""

import ast
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any

import pytest

from inference.embedding import entailment, rerank
from inference.embedding.client import AsyncEmbeddingClient, EmbeddingClient
from inference.llm.backend import ChatMessage
from inference.transcription.client import Speech
from tests.test_layout import PRODUCT, ROOT
from usage.models import UsageRecord

Kind = UsageRecord.Kind
# Functions that send something, or start what does.
SENDERS = {
    *("stream_chat", "stream_answer", "answer_question"),
    *("embed_query", "embed_questions", "embed_passages"),
    *("rerank", "arerank", "entail", "transcribe"),
}
HELD = "held or masked by QuestionGuard before it is stored"
MASKED = "as HELD, and the history is masked by QuestionGuard.guarded_history"
DOCUMENTS = "by the level of documents alone: their personal data are why they have one"
# An embedding or rerank server is part of the deployment, chosen by its operators for all.
SITE = "by the level alone, at the servers of the settings"
QUERIES = "queries without personal data to other machines (retrieval.masking), texts by level"
OURS = "a text of ragapp itself"
PASSED_ON = "what the other modules have guarded"


@dataclass(frozen=True)
class Decided:
    """The kinds of requests that a module sends, and what guards personal data in them."""

    personal_data: str
    kinds: tuple[Kind, ...] = ()


DECIDED = {
    "chat/answers/follow_up.py": Decided(MASKED, (Kind.REWRITING,)),
    "chat/answering.py": Decided(HELD, (Kind.ANSWER,)),
    "chat/running.py": Decided(HELD, (Kind.ANSWER,)),
    "chat/answers/verification/doubts.py": Decided(SITE, (Kind.ENTAILMENT,)),
    "evaluation/runs/asking.py": Decided(HELD, (Kind.EVALUATION,)),
    "inference/routing.py": Decided(PASSED_ON),
    "inference/diagnosis/counted.py": Decided(OURS),
    "chat/api/embeddings.py": Decided(QUERIES, (Kind.EMBEDDING, Kind.VECTORS)),
    "retrieval/search.py": Decided(QUERIES, (Kind.EMBEDDING, Kind.VECTORS)),
    "retrieval/rerank.py": Decided(QUERIES, (Kind.RERANK,)),
    "retrieval/evaluation_corpus.py": Decided(DOCUMENTS),
    "ingestion/pipeline.py": Decided(DOCUMENTS, (Kind.INGESTION, Kind.VECTORS)),
    "ingestion/reindexing/building.py": Decided(DOCUMENTS, (Kind.INGESTION, Kind.VECTORS)),
    "ingestion/reindexing/estimates.py": Decided(DOCUMENTS),
    "ingestion/transcription/transcribing.py": Decided(DOCUMENTS, (Kind.TRANSCRIPTION,)),
    "ragapp/doctor/model_servers.py": Decided(OURS),
    "usage/subjects/preparation.py": Decided(OURS),
}
# Where a question of a person, or a golden question, comes in.
GUARDED = {"chat/views/answers.py", "chat/api/api_answer.py", "evaluation/runs/working.py"}


def callers_of(names: set[str]) -> set[str]:
    """Return the modules of the product, without the model server, that call one of these."""
    found = set()
    for package in PRODUCT:
        for path in (ROOT / package).rglob("*.py"):
            if path.parent.name == "model_server":
                continue
            if names & {called(node) for node in ast.walk(ast.parse(path.read_text()))}:
                found.add(str(path.relative_to(ROOT)))
    return found


def called(node: ast.AST) -> str:
    """Return the name that a call calls, "" for anything else."""
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name
    return ""


def test_each_module_that_sends_something_has_a_decision() -> None:
    assert callers_of(SENDERS) == set(DECIDED)


def test_each_kind_of_request_has_a_decision() -> None:
    decided = {kind for each in DECIDED.values() for kind in each.kinds}
    assert decided == set(Kind)


def test_queries_are_masked_where_they_leave() -> None:
    senders = {path for path, each in DECIDED.items() if each.personal_data == QUERIES}
    assert callers_of({"masked"}) | callers_of({"amasked"}) == senders


def test_questions_come_in_through_the_guard() -> None:
    assert callers_of({"QuestionGuard"}) == GUARDED


@pytest.mark.parametrize(
    "sender",
    [
        EmbeddingClient.embed_query,
        EmbeddingClient.embed_questions,
        EmbeddingClient.embed_passages,
        AsyncEmbeddingClient.embed_query,
        AsyncEmbeddingClient.embed_questions,
        AsyncEmbeddingClient.embed_passages,
        rerank.rerank,
        rerank.arerank,
        entailment.entail,
        ChatMessage,
        Speech,
    ],
    ids=lambda sender: sender.__qualname__,
)
def test_nothing_is_sent_without_its_sensitivity(sender: Any) -> None:
    assert signature(sender).parameters["sensitivity"].default is Parameter.empty
