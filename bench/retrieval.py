"""Quality of retrieval on every BEIR-layout folder given: ``python bench/retrieval.py FOLDER…``.

Runs ``./manage evaluate`` on each, in an instance of its own made for it (``bench-<folder>``), and
prints one JSON object a line. It also asks each set's questions of every other set's corpus, where
no answer exists: ``relevant_share`` is then the share of questions that would wrongly be answered;
on a set's own corpus, one minus it is the share wrongly refused. Needs the environment of
``./run``, and its model server.
"""

import argparse
import json
import os
import random
import sys
from dataclasses import asdict
from pathlib import Path

import django

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
django.setup()

# What follows needs Django's applications (E402).
from instances.models import Instance, Organisation, Sensitivity  # noqa: E402
from instances.tenancy import tenant  # noqa: E402
from retrieval.evaluation import EvaluationSet, evaluate, read_set  # noqa: E402
from retrieval.evaluation_corpus import index_corpus  # noqa: E402
from retrieval.search import search  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--unanswerable", type=int, default=100, metavar="N",
                        help="questions of each set to ask of each other set's corpus")  # fmt: skip
    options = parser.parse_args()
    organisation, _ = Organisation.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    sets: dict[str, tuple[Instance, EvaluationSet]] = {}
    for folder in options.folders:
        slug = f"bench-{folder.name.replace('_', '-')}"
        instance, _ = Instance.objects.get_or_create(
            slug=slug, defaults={"organisation": organisation, "name": slug}
        )
        evaluation_set = read_set(folder)
        index_corpus(instance, evaluation_set.corpus)
        sets[folder.name] = (instance, evaluation_set)
        print(json.dumps({"set": folder.name} | asdict(evaluate(instance, evaluation_set))))
    for asked, (_, questions) in sets.items():
        for searched, (instance, corpus) in sets.items():
            if questions.corpus != corpus.corpus:
                share = wrongly_answered(instance, questions, options.unanswerable)
                print(json.dumps({"asked": asked, "of": searched, "relevant_share": share}))


def wrongly_answered(instance: Instance, questions: EvaluationSet, n: int) -> dict[str, float]:
    """Share of ``n`` questions that find something relevant in a corpus without an answer."""
    chosen = random.Random(0).sample(
        sorted(questions.queries.values()), min(n, len(questions.queries))
    )
    shares = {}
    for strictness in Instance.Strictness.values:
        instance.strictness = strictness
        with tenant(instance):
            found = [
                search(
                    instance=instance, query=query, sensitivity=Sensitivity.PUBLIC, top_k=6
                ).relevant
                for query in chosen
            ]
        shares[strictness] = round(sum(found) / len(found), 3)
    return shares


if __name__ == "__main__":
    main()
