"""Real documents: the words of their reference texts are found, and none makes the reader stop."""

import re
from pathlib import Path

import pytest

from ingestion.errors import (
    CorruptDocument,
    EmptyDocument,
    EncryptedDocument,
    ImageOnlyDocument,
    UnsafeDocument,
    UnsupportedMediaType,
)
from ingestion.parsing.document import page_text
from tests.ingestion.reading import read_in_child

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "samples"
pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="../shared/samples is absent")

_WORD = re.compile(r"[^\W_]+")
_MARKUP = re.compile(r"<!--.*?-->|\]\([^)]*\)|&\w+;", re.S)
_FORMATS = (
    *("csv", "doc", "docx", "email", "epub", "html", "md", "odf", "pdf", "ppt", "pptx"),
    *("webvtt", "xls", "xlsx"),
)
# What the reference tells beyond the text: LaTeX for equations, kinds of pictures, the clock of
# comments, footnote keys of Wikipedia, numbers of items of slides, and letters that a broken font
# table gives in another order.
_REFERENCE_ONLY = {
    "docx_checkboxes.docx", "drawingml.docx", "equations.docx", "omml_func_log.docx",
    "omml_multi_equation_paragraph.docx", "table_with_equations.docx", "powerpoint_comments.pptx",
    "pptx_chart.pptx", "xlsx_01.xlsx", "xlsx_04_inflated.xlsx", "xlsx_comments.xlsx",
    "formatting.html", "legacy_sample.ppt", "right_to_left_02.pdf",
    "table_mislabeled_as_picture.pdf",
}  # fmt: skip


def _references() -> list[tuple[Path, Path]]:
    pairs = []
    for kind in _FORMATS:
        for source in sorted((SAMPLES / "docling" / kind / "sources").glob("*.*")):
            folder = source.parent.parent / "groundtruth"
            for reference in (folder / f"{source.name}.md", folder / f"{source.stem}.md"):
                if reference.exists() and source.name not in _REFERENCE_ONLY:
                    pairs.append((source, reference))
                    break
    return pairs


@pytest.mark.parametrize(
    ("source", "reference"),
    _references(),
    ids=lambda path: f"{path.parent.parent.name}-{path.name}",
)
def test_words_of_the_reference_are_found(source: Path, reference: Path) -> None:
    parsed = read_in_child(source)
    pages = " ".join(f"{page_text(page)} {page.label}" for page in parsed.document.pages)
    passages = " ".join(f"{passage.heading} {passage.text}" for passage in parsed.passages)
    wanted = set(_WORD.findall(_MARKUP.sub(" ", reference.read_text()).casefold()))
    for text in (pages, passages):
        found = set(_WORD.findall(text.casefold()))
        assert len(wanted & found) >= 0.95 * len(wanted), sorted(wanted - found)


@pytest.mark.parametrize("kind", ["document", "slideshow", "spreadsheet"])
def test_office_files_of_poi_end_with_text_or_a_reason(kind: str) -> None:
    for path in sorted((SAMPLES / "poi" / kind).iterdir()):
        try:
            parsed = read_in_child(path)
        except (CorruptDocument, EmptyDocument, EncryptedDocument, UnsafeDocument):
            continue
        assert parsed.passages, path


def test_pdf_files_of_pypdf_end_with_text_or_a_reason() -> None:
    for path in sorted((SAMPLES / "pypdf").rglob("*.pdf")):
        try:
            parsed = read_in_child(path)
        except (CorruptDocument, EncryptedDocument, ImageOnlyDocument, UnsupportedMediaType):
            continue
        assert parsed.passages, path
