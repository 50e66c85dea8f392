"""Whole short documents in the prompt: ``python -m bench.ranking.whole_documents --models DIR``.

Asks the answerable questions of ``bench.trust`` in memory, all its corpora in one index (with the
passages of the sets of ``--eval``). Prints JSON, for each half: the share of the questions whose
whole answer is in the passages that a model would be given, and the mean number of their words,
for the best six; for these with the rest of the document of the best, if it is short; and for as
many more of the best. Also the share of passages that begin with what they do not explain.
"""

import argparse
import json
import os
import sys
import tempfile
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

import django
import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
# The settings need these, and nothing here uses them.
os.environ.setdefault("DATABASE_URL", "postgresql:///unused")
os.environ.setdefault("SECRET_KEY", "unused-by-this-benchmark-which-signs-and-checks-nothing")
django.setup()

# What follows needs Django's applications (E402).
from bench.trust.asking import index_of  # noqa: E402
from bench.trust.memory import TOP_K, passages_of, token_counter  # noqa: E402
from bench.trust.sets import beir_texts, read_corpora  # noqa: E402
from bench.trust.statistics import share  # noqa: E402
from inference.embedding.client import EmbeddingClient  # noqa: E402
from inference.embedding.folder import prepared_folder  # noqa: E402
from instances.models import Sensitivity  # noqa: E402
from tests.fixtures.models import serve_models  # noqa: E402

_BEIR = ("piaf_fr", "xquad_en")
# The longest document that is given whole, in passages.
_SHORT = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=Path("var/models"))
    parser.add_argument("--eval", type=Path)
    options = parser.parse_args()
    corpora = read_corpora()
    counter = token_counter(prepared_folder(options.models))
    documents = [pair for corpus in corpora for pair in corpus.documents]
    texts = [each for name, text in documents for each in passages_of(name, text, counter)]
    for name in _BEIR if options.eval else ():
        texts += beir_texts(options.eval / name)
    asked = [(corpus.half, gold) for corpus in corpora for gold in corpus.answerable]
    with (
        tempfile.TemporaryDirectory() as folder,
        serve_models(options.models, Path(folder, "log")) as server,
    ):
        client = EmbeddingClient(server.endpoint)
        index = index_of(texts, client)
        vectors = client.embed_questions(
            [gold.text for _half, gold in asked], sensitivity=Sensitivity.INTERNAL
        ).vectors
    members: defaultdict[str, list[int]] = defaultdict(list)
    for position, each in enumerate(texts):
        members[each.document].append(position)
    hits: defaultdict[str, list[bool]] = defaultdict(list)
    words: defaultdict[str, list[int]] = defaultdict(list)
    for (half, gold), vector in zip(asked, vectors, strict=True):
        weighed = index.weigh(gold.text, vector)
        ranked = [chunk.chunk_id for chunk in index.rank(weighed, limit=TOP_K + _SHORT)]
        best = ranked[:TOP_K]
        whole = members[texts[best[0]].document]
        rest = [each for each in whole if each not in best] if len(whole) <= _SHORT else []
        for name, chosen in (
            ("best six", best),
            ("whole document", best + rest),
            ("as many more", ranked[: TOP_K + len(rest)]),
        ):
            given = "\n\n".join(texts[each].text for each in chosen)
            hits[f"{half}, {name}"].append(gold.is_in(given))
            words[f"{half}, {name}"].append(len(given.split()))
    report = {
        name: asdict(share(values)) | {"words": float(np.mean(words[name]))}
        for name, values in hits.items()
    }
    json.dump(report, sys.stdout, indent=1, ensure_ascii=False)


if __name__ == "__main__":
    main()
