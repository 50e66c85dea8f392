"""What was in force, of passages that say nearly the same.

``python -m bench.ranking.in_force --models DIR`` asks the questions of ``in_force.toml`` in
memory, with the functions of the product and the real embedding model, all its corpora and those of
``bench.trust`` in one index. Prints JSON, for the half used for tuning and the half kept apart,
with and without ``retrieval.duplicates.in_force``: the share of the questions whose first passage
has the answer, of those that ask for the present and of those that ask for a past year. Of the sets
of ``--eval``: how many questions ask for either, and how many of them find their six passages in
another order.
"""

import argparse
import json
import os
import sys
import tempfile
import tomllib
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
# The settings need these, and nothing here uses them.
os.environ.setdefault("DATABASE_URL", "postgresql:///unused")
os.environ.setdefault("SECRET_KEY", "unused-by-this-benchmark-which-signs-and-checks-nothing")
django.setup()

# What follows needs Django's applications (E402).
from bench.trust.asking import index_of  # noqa: E402
from bench.trust.memory import TOP_K, passages_of, token_counter  # noqa: E402
from bench.trust.sets import beir_texts, fold, json_lines, read_corpora  # noqa: E402
from bench.trust.statistics import share  # noqa: E402
from inference.embedding.client import EmbeddingClient  # noqa: E402
from inference.embedding.folder import prepared_folder  # noqa: E402
from instances.models import Sensitivity  # noqa: E402
from retrieval.duplicates.folding import FOLDED, fold_copies  # noqa: E402
from retrieval.duplicates.in_force import prefer_in_force, year_asked  # noqa: E402
from tests.fixtures.models import serve_models  # noqa: E402

_SET = Path(__file__).parent / "in_force.toml"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=Path("var/models"))
    parser.add_argument("--eval", type=Path)
    options = parser.parse_args()
    corpora = tomllib.loads(_SET.read_text(encoding="utf-8"))["corpora"]
    counter = token_counter(prepared_folder(options.models))
    documents = [pair for corpus in corpora for pair in corpus["documents"]]
    documents += [pair for corpus in read_corpora() for pair in corpus.documents]
    texts = [each for name, text in documents for each in passages_of(name, text, counter)]
    asked = [(corpus["half"], *row) for corpus in corpora for row in corpus["questions"]]
    with (
        tempfile.TemporaryDirectory() as folder,
        serve_models(options.models, Path(folder, "log")) as server,
    ):
        client = EmbeddingClient(server.endpoint)
        index = index_of(texts, client)
        questions = [text for _half, _kind, text, _gold in asked]
        vectors = client.embed_questions(questions, sensitivity=Sensitivity.INTERNAL).vectors
        folders = sorted(options.eval.iterdir()) if options.eval else []
        reordered = {each.name: _reordered(each, client) for each in folders if each.is_dir()}
    hits: defaultdict[str, list[bool]] = defaultdict(list)
    missed = []
    for (half, kind, text, gold), vector in zip(asked, vectors, strict=True):
        found = fold_copies(index.rank(index.weigh(text, vector), limit=TOP_K + FOLDED))
        ordered = prefer_in_force(text, found)
        for name, chunks in (("without", found), ("with", ordered)):
            is_hit = fold(gold) in fold(chunks[0].text)
            hits[f"{half}, {kind}, {name}"].append(is_hit)
            if name == "with" and half == "tuning" and not is_hit:
                missed.append(text)
    report: dict[str, object] = {name: asdict(share(values)) for name, values in hits.items()}
    report["missed_tuning"] = missed
    report |= reordered
    json.dump(report, sys.stdout, indent=1, ensure_ascii=False)


def _reordered(folder: Path, client: EmbeddingClient) -> dict[str, int]:
    """Return the number of questions of a BEIR folder, of a year, and found in another order."""
    index = index_of(beir_texts(folder), client)
    queries = [row["text"] for row in json_lines(folder / "queries.jsonl")]
    dated = [text for text in queries if year_asked(text) is not None]
    vectors = client.embed_questions(dated, sensitivity=Sensitivity.INTERNAL).vectors
    n_reordered = 0
    for text, vector in zip(dated, vectors, strict=True):
        found = fold_copies(index.rank(index.weigh(text, vector), limit=TOP_K + FOLDED))
        n_reordered += prefer_in_force(text, found)[:TOP_K] != found[:TOP_K]
    return {"questions": len(queries), "of_a_year": len(dated), "reordered": n_reordered}


if __name__ == "__main__":
    main()
