"""Orders to language models in documents: ``python -m bench.injection [--shared ../shared]``.

Prints JSON with 95 % intervals: which share of the orders of ``sentences.toml`` is found, and which
share of the sentences that resemble them is flagged by error, for the half used to choose patterns
and the other one. With ``--shared``: the attacks of ``hostile/prompt_injection`` by category, and
which of the real documents of ``samples`` are flagged.
"""

import argparse
import json
import os
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
# The settings need these, and nothing here uses them.
os.environ.setdefault("DATABASE_URL", "postgresql:///unused")
os.environ.setdefault("SECRET_KEY", "unused-by-this-benchmark-which-signs-and-checks-nothing")
django.setup()

# What follows needs Django's applications (E402).
from bench.trust.statistics import share  # noqa: E402
from ingestion.errors import IngestionError  # noqa: E402
from ingestion.parse_warnings import WarningCode  # noqa: E402
from ingestion.parsing.limits import ParseLimits  # noqa: E402
from ingestion.parsing.registry import parse  # noqa: E402
from ingestion.parsing.text.model_orders import has_model_orders  # noqa: E402

_SENTENCES = Path(__file__).parent / "sentences.toml"
_LIMITS = ParseLimits(max_pages=2000, max_text_chars=10**7, memory_bytes=2**31, cpu_seconds=60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path)
    options = parser.parse_args()
    sentences = tomllib.loads(_SENTENCES.read_text(encoding="utf-8"))
    report: dict[str, Any] = {
        half: {
            kind: asdict(share(map(has_model_orders, sentences[kind][first::2])))
            for kind in ("orders", "plain")
        }
        for first, half in enumerate(("tuning", "kept_apart"))
    }
    if options.shared:
        attacks = options.shared / "hostile" / "prompt_injection" / "text_attack_train.json"
        report["attacks"] = {
            category: asdict(share(map(has_model_orders, texts)))
            for category, texts in json.loads(attacks.read_text(encoding="utf-8")).items()
        }
        report["samples"] = samples(sorted((options.shared / "samples").rglob("*")))
    json.dump(report, sys.stdout, indent=1, ensure_ascii=False)


def samples(paths: Sequence[Path]) -> dict[str, Any]:
    """Return which share of the readable documents is flagged, and their names."""
    flagged: dict[str, bool] = {}
    for path in paths:
        if not path.is_file():
            continue
        try:
            with path.open("rb") as file:
                parsed = parse(file, name=path.name, limits=_LIMITS)
        except IngestionError:
            continue
        codes = {warning.code for warning in parsed.warnings}
        flagged[path.name] = WarningCode.MODEL_ORDERS in codes
    named = [name for name, is_flagged in flagged.items() if is_flagged]
    return asdict(share(flagged.values())) | {"flagged": named}


if __name__ == "__main__":
    main()
