"""Follow-up questions: ``python -m bench.follow_ups --models DIR [--eval ../shared/eval]``.

Asks the last question of 100 conversations (``conversations.toml``: two or three turns each, French
and English, about the corpora of ``bench.trust``) with the functions of the product, in memory, in
one index of all corpora (and of the passages of ``piaf_fr`` and ``xquad_en`` with ``--eval``).
The turns before it are answered by extracts. Prints JSON: the share whose right passage is among
the first five, for the question as typed and as the product writes it without a model; with
``--llm-url`` (an OpenAI-compatible server) and ``--llm-model`` also as that model rewrites it.
Even conversations were used to choose rules, odd ones were kept apart.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import django
import httpx

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
django.setup()

# What follows needs Django's applications (E402).
from bench.trust.asking import index_of  # noqa: E402
from bench.trust.memory import MemoryIndex, Text, passages_of, token_counter  # noqa: E402
from bench.trust.sets import beir_texts, fold, read_corpora  # noqa: E402
from bench.trust.statistics import share  # noqa: E402
from chat.answers.follow_up import (  # noqa: E402
    depends_on_conversation,
    rewritten,
    write_search_query,
)
from chat.answers.prompts import rewrite_prompt  # noqa: E402
from chat.answers.quoting.extractive import answer_with_extracts  # noqa: E402
from inference.embedding.client import EmbeddingClient  # noqa: E402
from inference.embedding.folder import prepared_folder  # noqa: E402
from inference.llm.backend import ChatMessage  # noqa: E402
from inference.offered_models import EXTRACTS  # noqa: E402
from instances.models import Sensitivity  # noqa: E402
from retrieval.results import RetrievedChunk  # noqa: E402
from tests.fixtures.models import serve_models  # noqa: E402

_BEIR = ("piaf_fr", "xquad_en")
_CONVERSATIONS = Path(__file__).with_name("conversations.toml")
_LEVEL = Sensitivity.INTERNAL
_DEPTH = 5


@dataclass(frozen=True)
class Conversation:
    """Questions about a corpus; the last one is scored by the words of its passage."""

    corpus: str
    half: str
    kind: str
    questions: tuple[str, ...]
    gold: tuple[str, ...]


class Library:
    """All passages, and the corpus of each document."""

    def __init__(self, client: EmbeddingClient, models: Path, beir: Path | None) -> None:
        counter = token_counter(prepared_folder(models))
        self.client = client
        self.documents: dict[str, str] = {}
        texts: list[Text] = []
        for corpus in read_corpora():
            for name, content in corpus.documents:
                name = f"{corpus.name}/{name}"
                self.documents[name] = corpus.name
                texts += passages_of(name, content, counter)
        for name in _BEIR if beir else ():
            texts += beir_texts(beir / name)
        self.index: MemoryIndex = index_of(texts, client)

    def find(self, question: str) -> list[RetrievedChunk]:
        """Return the best passages."""
        vector = self.client.embed_query(question, sensitivity=_LEVEL).vector
        return self.index.rank(self.index.weigh(question, vector))

    def holds(self, conversation: Conversation, question: str) -> bool:
        """Whether one of the first passages is the one that answers."""
        return any(
            self.documents.get(chunk.document_name) == conversation.corpus
            and any(fold(words) in fold(chunk.text) for words in conversation.gold)
            for chunk in self.find(question)[:_DEPTH]
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=Path("var/models"))
    parser.add_argument("--eval", type=Path)
    parser.add_argument("--llm-url")
    parser.add_argument("--llm-model", default="model")
    options = parser.parse_args()
    conversations = list(read_conversations())
    with (
        tempfile.TemporaryDirectory() as folder,
        serve_models(options.models, Path(folder, "log")) as server,
    ):
        library = Library(EmbeddingClient(server.endpoint), options.models, options.eval)
        asked = [(each, history(each, library)) for each in conversations]
        queries = {
            "as_typed": [each.questions[-1] for each, _turns in asked],
            "without_model": [without_model(each, turns) for each, turns in asked],
        }
        if options.llm_url:
            queries["with_model"] = [
                with_model(each, turns, options.llm_url, options.llm_model) for each, turns in asked
            ]
        found = {
            name: [
                library.holds(each, text) for each, text in zip(conversations, texts, strict=True)
            ]
            for name, texts in queries.items()
        }
    json.dump(
        {name: figures(conversations, hits, queries[name]) for name, hits in found.items()},
        sys.stdout,
        indent=1,
        ensure_ascii=False,
    )


def read_conversations() -> Iterator[Conversation]:
    """Yield the conversations, corpus by corpus."""
    data = tomllib.loads(_CONVERSATIONS.read_text(encoding="utf-8"))
    for corpus, rows in data.items():
        for number, (kind, questions, gold) in enumerate(rows):
            half = "kept_apart" if number % 2 else "tuning"
            spellings = tuple(spelling.strip() for spelling in gold.split(" / "))
            yield Conversation(corpus, half, kind, tuple(questions), spellings)


def history(conversation: Conversation, library: Library) -> list[ChatMessage]:
    """Return the turns before the last question, answered by extracts."""
    turns: list[ChatMessage] = []
    for question in conversation.questions[:-1]:
        asked = ChatMessage("user", question, _LEVEL)
        query = asyncio.run(write_search_query(asked, turns, EXTRACTS))
        answer, _chunks = answer_with_extracts(query.text, library.find(query.text))
        turns += [asked, ChatMessage("assistant", answer, _LEVEL)]
    return turns


def without_model(conversation: Conversation, turns: Sequence[ChatMessage]) -> str:
    """Return the search query that the product writes in an instance without a model."""
    question = ChatMessage("user", conversation.questions[-1], _LEVEL)
    return asyncio.run(write_search_query(question, turns, EXTRACTS)).text


def with_model(
    conversation: Conversation, turns: Sequence[ChatMessage], url: str, model: str
) -> str:
    """Return the search query that the product writes with a model, which may take a minute."""
    question = ChatMessage("user", conversation.questions[-1], _LEVEL)
    if not depends_on_conversation(question.content):
        return question.content
    messages = [
        {"role": message.role, "content": message.content}
        for message in rewrite_prompt(question, turns)
    ]
    try:
        reply = httpx.post(
            f"{url}/chat/completions",
            json={"model": model, "messages": messages, "temperature": 0, "max_tokens": 120},
            timeout=60,
        ).raise_for_status()
    except httpx.TimeoutException:
        return rewritten("", question, turns)
    return rewritten(reply.json()["choices"][0]["message"]["content"], question, turns)


def figures(
    conversations: Sequence[Conversation], hits: Sequence[bool], queries: Sequence[str]
) -> dict[str, Any]:
    """Return the shares, by half, language and kind, and what was missed."""
    pairs = list(zip(conversations, hits, strict=True))
    report: dict[str, Any] = {"all": asdict(share(hits))}
    for half in ("tuning", "kept_apart"):
        report[half] = asdict(share(hit for each, hit in pairs if each.half == half))
    for language in ("_fr", "_en"):
        of_language = [hit for each, hit in pairs if each.corpus.endswith(language)]
        report[language[1:]] = asdict(share(of_language))
    for kind in dict.fromkeys(each.kind for each in conversations):
        report[kind] = asdict(share(hit for each, hit in pairs if each.kind == kind))
    report["missed_tuning"] = [
        query
        for (each, hit), query in zip(pairs, queries, strict=True)
        if not hit and each.half == "tuning"
    ]
    return report


if __name__ == "__main__":
    main()
