"""``./manage evaluate SLUG FOLDER``: the quality of retrieval on a set of questions, as JSON."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inference.errors import InferenceError
from instances.models import Instance
from retrieval.evaluation import evaluate, read_set
from retrieval.evaluation_corpus import index_corpus


class Command(BaseCommand):
    help = (
        "Index a BEIR-layout folder (corpus.jsonl, queries.jsonl, qrels.tsv) into an instance, ask"
        " all its questions, and print hit@1, hit@5, nDCG@10 and milliseconds as JSON. Entries that"
        " are already indexed are not indexed again. Use a separate instance: other documents count"
        " as wrong answers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the instance")
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, slug: str, folder: Path, **options: Any) -> None:
        instance = Instance.objects.filter(slug=slug).first()
        if instance is None:
            raise CommandError(f"There is no instance {slug}. Create it with createinstance.")
        try:
            evaluation_set = read_set(folder)
        except (OSError, ValueError, KeyError) as error:
            raise CommandError(f"{folder} is not a folder in BEIR's layout: {error}") from error
        try:
            indexed = index_corpus(instance, evaluation_set.corpus)
            figures = asdict(evaluate(instance, evaluation_set))
        except InferenceError as error:
            raise CommandError(
                f"The embedding server does not answer (is ./run up?): {error}"
            ) from error
        names = {"hit_at_1": "hit@1", "hit_at_5": "hit@5", "ndcg_at_10": "nDCG@10"}
        shown = {
            names.get(key, key): round(value, 4) if isinstance(value, float) else value
            for key, value in figures.items()
        }
        self.stdout.write(
            json.dumps({"passages": len(evaluation_set.corpus), "indexed": indexed} | shown)
        )
