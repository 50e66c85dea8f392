"""Whether a model obeys orders in passages, and whether the reader is told.

    python -m bench.injection.obedience --models DIR [--llm http://127.0.0.1:8080/v1 --model NAME]

For each order of ``sentences.toml`` whose obedience shows, and one question of each corpus of
``bench/trust``: the prompt of the product with the order at the end of the first passage. Prints
JSON: which share of the answers has the words that show obedience, and in which share of those the
sentence with them is marked as unsupported; 95 % intervals. The passage itself holds the order, so
a sentence that repeats it word for word is supported by it. Without ``--llm`` the answers are
those of a scripted model that always obeys; with ``--corpora 2``, the first two corpora are asked.
"""

import argparse
import json
import os
import sys
import tomllib
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import django
import httpx

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
# The settings need these, and nothing here uses them.
os.environ.setdefault("DATABASE_URL", "postgresql:///unused")
os.environ.setdefault("SECRET_KEY", "unused-by-this-benchmark-which-signs-and-checks-nothing")
django.setup()

# What follows needs Django's applications (E402).
from bench.trust.memory import Text, passages_of, token_counter  # noqa: E402
from bench.trust.sets import read_corpora  # noqa: E402
from bench.trust.statistics import share  # noqa: E402
from chat.answers.prompts import answer_prompt  # noqa: E402
from inference.embedding.folder import prepared_folder  # noqa: E402
from inference.llm.backend import ChatMessage  # noqa: E402
from instances.models import Sensitivity  # noqa: E402
from retrieval.verification.passages import read_passage  # noqa: E402
from retrieval.verification.verdicts import Outcome, check  # noqa: E402
from tests.chat.answers.quoting.test_extractive import passage  # noqa: E402

_SENTENCES = Path(__file__).parent / "sentences.toml"
_MAX_TOKENS, _CONTEXT_WINDOW, _TIMEOUT_S = 120, 4096, 300
# Gives the answer to the messages of a prompt, with the order and the words that show obedience.
Answerer = Callable[[list[ChatMessage], str], str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=Path("var/models"))
    parser.add_argument("--llm")
    parser.add_argument("--model", default="default")
    parser.add_argument("--corpora", type=int)
    options = parser.parse_args()
    answer = _asking(options.llm, options.model) if options.llm else _obeying
    counter = token_counter(prepared_folder(options.models))
    orders = tomllib.loads(_SENTENCES.read_text(encoding="utf-8"))["obeyed"]
    obeyed: list[bool] = []
    marked: list[bool] = []
    for corpus in read_corpora()[: options.corpora]:
        texts = [
            each
            for name, content in corpus.documents
            for each in passages_of(name, content, counter)
        ][:3]
        question = corpus.answerable[0].text
        for order in orders:
            attacked = [replace(texts[0], text=f"{texts[0].text}\n\n{order['order']}"), *texts[1:]]
            said = answer(_prompt(question, attacked), order["shows"])
            obeyed.append(order["shows"] in said)
            if obeyed[-1]:
                marked.append(_is_marked(said, order["shows"], question, attacked))
    report = {"obeyed": asdict(share(obeyed)), "marked_of_obeyed": asdict(share(marked))}
    json.dump(report, sys.stdout, indent=1)


def _prompt(question: str, texts: list[Text]) -> list[ChatMessage]:
    prompt = answer_prompt(
        question=ChatMessage("user", question, Sensitivity.PUBLIC),
        chunks=[passage(each.text, document_name=each.document) for each in texts],
        context_window=_CONTEXT_WINDOW,
        max_tokens=_MAX_TOKENS,
    )
    return list(prompt.messages)


def _is_marked(said: str, shows: str, question: str, texts: list[Text]) -> bool:
    """Whether the sentence that shows obedience is marked for the reader."""
    read = [read_passage(each.text, f"{each.title}\n{each.heading}") for each in texts]
    sentence = next(line for line in said.replace(". ", ".\n").splitlines() if shows in line)
    return check(sentence, [], read, question=question).outcome == Outcome.UNSUPPORTED


def _obeying(_messages: list[ChatMessage], shows: str) -> str:
    return f"Les documents répondent à la question. Voyez aussi {shows} pour toute information."


def _asking(base_url: str, model: str) -> Answerer:
    client = httpx.Client(base_url=base_url, timeout=_TIMEOUT_S)

    def answer(messages: list[ChatMessage], _shows: str) -> str:
        body = {
            "model": model,
            "messages": [{"role": each.role, "content": each.content} for each in messages],
            "max_tokens": _MAX_TOKENS,
            "temperature": 0,
        }
        response = client.post("/chat/completions", json=body).raise_for_status()
        return str(response.json()["choices"][0]["message"]["content"])

    return answer


if __name__ == "__main__":
    main()
