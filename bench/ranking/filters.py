"""Filters that are read in questions which name no documents.

``python -m bench.ranking.filters ../shared/eval`` reads the questions of each set (BEIR layout) and
prints JSON: their number, and those in which ``retrieval.filters`` reads a kind or a date of
documents. These sets ask about facts, so each is read wrongly, or names a document of the world.
"""

import json
import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
# The settings need these, and nothing here uses them.
os.environ.setdefault("DATABASE_URL", "postgresql:///unused")
os.environ.setdefault("SECRET_KEY", "unused-by-this-benchmark-which-signs-and-checks-nothing")
django.setup()

# What follows needs Django's applications (E402).
from bench.trust.sets import json_lines  # noqa: E402
from retrieval.filters.reading import may_be_filtered, read_filter  # noqa: E402


def main() -> None:
    report = {}
    for folder in sorted(Path(sys.argv[1]).iterdir()):
        path = folder / "queries.jsonl"
        if path.exists():
            questions = [row["text"] for row in json_lines(path)]
            asked = [each for each in questions if may_be_filtered(each)]
            read = [each for each in asked if read_filter(each, {}) is not None]
            report[folder.name] = {
                "questions": len(questions),
                "with_a_year_or_place": len(asked),
                "filtered": len(read),
                "examples": read[:5],
            }
    json.dump(report, sys.stdout, indent=1, ensure_ascii=False)


if __name__ == "__main__":
    main()
