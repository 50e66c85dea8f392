"""Share of the words of reference texts that are found: ``python -m bench.parsing.samples``.

Reads each document of ``../shared/samples/docling`` that has a reference text, as the product does,
scans and images by OCR too, and prints JSON: by format, the files with at least 95 % of the
distinct words of their reference, in pages and in passages alike. Lists the others with the words
that they lack (``--lacking``: how many of them).
"""

import argparse
import json
import os
import re
from collections import Counter
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
# The settings need these, and nothing here uses them.
os.environ.setdefault("DATABASE_URL", "postgresql:///unused")
os.environ.setdefault("SECRET_KEY", "unused-by-this-benchmark-which-signs-and-checks-nothing")

import django

django.setup()

from ingestion.errors import IngestionError  # noqa: E402
from ingestion.parsing.document import page_text  # noqa: E402
from ingestion.parsing.limits import ParseLimits  # noqa: E402
from ingestion.parsing.ocr.data import OcrData  # noqa: E402
from ingestion.sandbox import SCANS, ParsedFile, parse_in_child, recognise_in_child  # noqa: E402

_ROOT = Path(__file__).resolve().parents[2]
_SAMPLES = _ROOT.parent / "shared" / "samples" / "docling"
_WORD = re.compile(r"[^\W_]+")
# Of the reference: comments, addresses of links, entities.
_MARKUP = re.compile(r"<!--.*?-->|\]\([^)]*\)|&\w+;", re.DOTALL)
_ENOUGH = 0.95


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lacking", type=int, default=12)
    options = parser.parse_args()
    passed, total = Counter[str](), Counter[str]()
    others = {}
    for source, reference in _pairs():
        kind = source.parents[1].name
        total[kind] += 1
        try:
            share, lacking = _found(_read(source), reference)
        except IngestionError as error:
            share, lacking = 0.0, [f"({error.code})"]
        passed[kind] += share >= _ENOUGH
        if share < _ENOUGH:
            words = " ".join(lacking[: options.lacking])
            others[f"{kind}/{source.name}"] = {"share": round(share, 3), "lacking": words}
    report = {
        "files": total.total(),
        "with 95 % of the words": passed.total(),
        "percent": round(100 * passed.total() / total.total(), 1),
        "by format": {kind: f"{passed[kind]} of {n}" for kind, n in sorted(total.items())},
        "others": others,
    }
    print(json.dumps(report, indent=2, ensure_ascii=False))


def _pairs() -> list[tuple[Path, Path]]:
    pairs = []
    for source in sorted(_SAMPLES.glob("*/sources/*.*")):
        folder = source.parents[1] / "groundtruth"
        names = (f"{source.name}.md", f"{source.stem}.md")
        found = [folder / name for name in names if (folder / name).exists()]
        if found:
            pairs.append((source, found[0]))
    return pairs


def _read(path: Path) -> ParsedFile:
    ocr = OcrData(_ROOT / "tessdata", ("fra", "eng"))
    given = {"name": path.name, "tokenizer_path": None, "chunk_tokens": 256}
    with path.open("rb") as file:
        parsed = parse_in_child(file, **given, before_ocr=True)
        if not parsed.document.scanned:
            return parsed
        pages = tuple(
            recognise_in_child(file, number=n, ocr=ocr, limits=ParseLimits(), place=SCANS[0])[0]
            for n in parsed.document.scanned
        )
        return parse_in_child(file, **given, recognised=pages)


def _found(parsed: ParsedFile, reference: Path) -> tuple[float, list[str]]:
    """Return the lower share of pages and passages, and the words that it lacks."""
    pages = " ".join(f"{page_text(page)} {page.label}" for page in parsed.document.pages)
    passages = " ".join(f"{passage.heading} {passage.text}" for passage in parsed.passages)
    text = _MARKUP.sub(" ", reference.read_text(encoding="utf-8")).casefold()
    wanted = set(_WORD.findall(text))
    lacking = max(
        (sorted(wanted - set(_WORD.findall(found.casefold()))) for found in (pages, passages)),
        key=len,
    )
    return 1 - len(lacking) / len(wanted) if wanted else 1.0, lacking


if __name__ == "__main__":
    main()
