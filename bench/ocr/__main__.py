"""OCR, measured: ``python -m bench.ocr``.

Renders thirty pages (``pages``), has them read as the product does, in confined children on two
places at once, and prints JSON: character errors (edits divided by characters of the truth, after
white space, quotes and dashes are made equal) and pages a second, by kind of page; the confidence
that OCR gives each. ``--turned`` lays pages on their sides and heads. ``--tessdata`` and
``--languages`` measure other models. With ``--errors``, it
prints truth and text of the pages with more than ``--errors`` percent of errors.
"""

import argparse
import json
import os
import re
import sys
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from queue import SimpleQueue
from statistics import mean

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
# The settings need these, and nothing here uses them.
os.environ.setdefault("DATABASE_URL", "postgresql:///unused")
os.environ.setdefault("SECRET_KEY", "unused-by-this-benchmark-which-signs-and-checks-nothing")

import django
from pypdf import PdfReader

django.setup()

from bench.ocr.pages import Page, pages  # noqa: E402
from ingestion.parsing.document import page_text  # noqa: E402
from ingestion.parsing.limits import ParseLimits  # noqa: E402
from ingestion.parsing.ocr.data import OcrData  # noqa: E402
from ingestion.sandbox import SCANS, parse_in_child, recognise_in_child  # noqa: E402

_ROOT = Path(__file__).resolve().parents[2]
_SAME = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-"})
_LIMITS = ParseLimits()
_TURNS = (90, 180, 270)


@dataclass(frozen=True, slots=True)
class Measured:
    """A page as it was read; ``edits`` of ``chars``."""

    page: Page
    text: str
    edits: int
    chars: int
    confidence: int
    cpu_seconds: float
    turn: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tessdata", type=Path, default=_ROOT / "tessdata")
    parser.add_argument("--languages", default="fra,eng")
    parser.add_argument("--errors", type=float)
    parser.add_argument("--turned", action="store_true")
    options = parser.parse_args()
    ocr = OcrData(options.tessdata.resolve(), tuple(options.languages.split(",")))
    drawn = list(pages())
    if options.turned:
        drawn = [_turned(page, _TURNS[n % 3]) for n, page in enumerate(drawn)]
    places = SimpleQueue()
    for place in SCANS[:2]:
        places.put(place)
        _recognised(drawn[0], ocr, place)  # starts its zygote
    with ThreadPoolExecutor(2) as pool:
        started = time.monotonic()
        read = list(pool.map(lambda page: _in_a_place(page, ocr, places), drawn))
        seconds = time.monotonic() - started
    measured = [_measured(page, *reading) for page, reading in zip(drawn, read, strict=True)]
    print(json.dumps(_report(measured, seconds), indent=2, ensure_ascii=False))
    for each in measured:
        if options.errors is not None and 100 * each.edits > options.errors * each.chars:
            sys.stderr.write(f"\n=== {each.page.kind.name}\n{each.page.text}\n---\n{each.text}\n")


def _turned(page: Page, turn: int) -> Page:
    reader = PdfReader(BytesIO(page.pdf))
    image = reader.pages[0].images[0].image.rotate(turn, expand=True)
    turned = BytesIO()
    image.convert("L").save(turned, "PDF", resolution=page.kind.dpi)
    return replace(page, pdf=turned.getvalue())


def _in_a_place(page: Page, ocr: OcrData, places: SimpleQueue) -> tuple:
    place = places.get()
    try:
        return _recognised(page, ocr, place)
    finally:
        places.put(place)


def _recognised(page: Page, ocr: OcrData, place) -> tuple:
    return recognise_in_child(BytesIO(page.pdf), number=1, ocr=ocr, limits=_LIMITS, place=place)


def _measured(page: Page, recognised, cpu_seconds: float) -> Measured:
    parsed = parse_in_child(
        BytesIO(page.pdf),
        name="page.pdf",
        tokenizer_path=None,
        chunk_tokens=256,
        recognised=(recognised,),
    )
    text, truth = _plain(page_text(parsed.document.pages[0])), _plain(page.text)
    edits = edit_distance(truth, text)
    return Measured(
        page, text, edits, len(truth), recognised.confidence, cpu_seconds, recognised.turn
    )


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.translate(_SAME)).strip()


def _report(measured: list[Measured], seconds: float) -> dict:
    by_kind: defaultdict[str, list[Measured]] = defaultdict(list)
    for each in measured:
        by_kind[each.page.kind.name].append(each)
        by_kind["French" if each.page.language == "fr" else "English"].append(each)
    return {
        "pages": len(measured),
        "character_error_percent": _errors(measured),
        "pages_a_second_on_two_places": round(len(measured) / seconds, 2),
        "cpu_seconds_a_page": round(mean(each.cpu_seconds for each in measured), 2),
        "turned": sum(each.turn != 0 for each in measured),
        "load_average": os.getloadavg(),
        "by_kind": {
            kind: {
                "character_error_percent": _errors(group),
                "confidence": round(mean(each.confidence for each in group)),
                "cpu_seconds_a_page": round(mean(each.cpu_seconds for each in group), 2),
            }
            for kind, group in by_kind.items()
        },
    }


def _errors(measured: list[Measured]) -> float:
    edits, chars = (sum(getattr(each, name) for each in measured) for name in ("edits", "chars"))
    return round(100 * edits / chars, 2)


def edit_distance(one: str, other: str) -> int:
    """Return the Levenshtein distance (G. Myers, "A fast bit-vector algorithm", J. ACM 1999)."""
    masks: defaultdict[str, int] = defaultdict(int)
    for place, letter in enumerate(one):
        masks[letter] |= 1 << place
    full = (1 << len(one)) - 1
    last, distance, up, down = 1 << (len(one) - 1), len(one), full, 0
    for letter in other:
        equal = masks[letter]
        diagonal = equal | down
        across = (((equal & up) + up) ^ up) | equal
        more, less = down | (~(across | up) & full), up & across
        distance += bool(more & last) - bool(less & last)
        more, less = ((more << 1) | 1) & full, (less << 1) & full
        up, down = less | (~(diagonal | more) & full), more & diagonal
    return distance


if __name__ == "__main__":
    main()
