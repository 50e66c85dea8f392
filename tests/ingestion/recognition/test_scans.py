"""Scans and images from their upload to a citation: read by OCR, found, their words placed."""

import random
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

from ingestion import uploads
from ingestion.models import Chunk, Document, DocumentPage, ScannedPage
from ingestion.parse_warnings import WarningCode
from ingestion.parsing.drawn_pages import PARTS
from ingestion.recognition import reading
from ingestion.recognition.pages import words_of
from instances.models import Sensitivity
from instances.tenancy import tenant
from retrieval.search import search
from tests.ingestion.pdf_writer import Page, write_pdf
from tests.ingestion.recognition.scan_writer import ENGLISH, FRENCH, image_bytes, letter, scan_bytes
from tests.ingestion.stages import Add, change, ingest, refreshed, run_stage
from usage.models import UsageRecord

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]


def found(document: Document, question: str) -> str:
    """The text of the passage that a question finds first."""
    with tenant(document.instance_id):
        result = search(
            instance=document.instance, query=question, top_k=1, sensitivity=Sensitivity.INTERNAL
        )
    return result.chunks[0].text


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *(("PDF", "scan.pdf"), ("PNG", "page.png"), ("JPEG", "photo.jpg"), ("TIFF", "fax.tif")),
        *(("WEBP", "page.webp"), ("GIF", "page.gif"), ("BMP", "page.bmp")),
    ],
)
def test_scan_is_read_found_and_its_words_are_placed(
    add: Add, embeddings: None, tmp_path: Path, kind: str, name: str
) -> None:
    image = letter(tmp_path, *FRENCH)
    document = add(name, scan_bytes([image]) if kind == "PDF" else image_bytes(image, kind))
    assert ingest(document) == "ready"
    ready = refreshed(document)
    assert (ready.pages, ready.recognised_pages, ready.warnings) == (1, 1, [])
    assert ready.language == "fr"
    text = found(ready, "Combien de jours de congé pour un maître de conférences ?")
    assert "Quarante jours ouvrés sont accordés à chaque enseignant par année." in text
    with tenant(ready.instance_id):
        page = DocumentPage.objects.get()
        words = words_of(ready, 1)
    assert page.ocr_confidence is not None
    assert page.ocr_confidence > 80
    assert words is not None
    first = words.words[0]
    assert first.text == "Le"
    # Drawn at 72 of 595 points from the left, on a base line 102 of 842 points from the top.
    assert first.left == pytest.approx(PARTS * 72 / 595, abs=60)
    assert first.top + first.height == pytest.approx(PARTS * 102 / 842, abs=60)


def test_only_pages_without_text_are_read(add: Add, embeddings: None, tmp_path: Path) -> None:
    write_pdf(tmp_path / "text.pdf", [Page().lines(72, 700, "Une page de texte, avec ses mots.")])
    (tmp_path / "scan.pdf").write_bytes(scan_bytes([letter(tmp_path, *ENGLISH)]))
    writer = PdfWriter()
    for name in ("text.pdf", "scan.pdf"):
        writer.append(PdfReader(tmp_path / name))
    both = BytesIO()
    writer.write(both)
    document = add("both.pdf", both.getvalue())
    assert ingest(document) == "ready"
    with tenant(document.instance_id):
        confidences = list(DocumentPage.objects.values_list("number", "ocr_confidence"))
        assert [number for number, confidence in confidences if confidence] == [2]
        assert list(ScannedPage.objects.values_list("number", flat=True)) == [2]
    assert refreshed(document).warnings == []


def test_frames_of_a_tiff_are_pages(add: Add, embeddings: None, tmp_path: Path) -> None:
    first, second = letter(tmp_path, *FRENCH), letter(tmp_path, *ENGLISH)
    content = image_bytes(first, "TIFF", save_all=True, append_images=[second])
    document = add("fax.tiff", content)
    assert ingest(document) == "ready"
    with tenant(document.instance_id):
        texts = list(DocumentPage.objects.order_by("number").values_list("text", flat=True))
    assert len(texts) == 2
    assert "Doctoral students" in texts[1]


def test_poor_scan_is_read_with_a_warning(add: Add, embeddings: None, tmp_path: Path) -> None:
    poor = letter(tmp_path, *FRENCH, dpi=60).resize((330, 467)).resize((1654, 2339))
    document = add("poor.pdf", scan_bytes([letter(tmp_path, *ENGLISH), poor]))
    assert ingest(document) == "ready"
    assert refreshed(document).warnings == [{"code": WarningCode.POOR_SCAN, "details": ["2"]}]


def test_speckled_scan_is_read_though_tesseract_writes_messages(
    add: Add, embeddings: None, tmp_path: Path
) -> None:
    """It wrote them to a file that a confined child cannot open, and crashed."""
    image, chance = letter(tmp_path, *(4 * FRENCH)), random.Random(1)
    for _ in range(800):
        x, y = chance.randrange(150, 1500), chance.randrange(200, 900)
        image.paste(0, (x, y, x + 2, y + 2))
    document = add("specks.pdf", scan_bytes([image]))
    assert ingest(document) == "ready"
    assert refreshed(document).recognised_pages == 1


def test_long_scan_takes_turns_and_keeps_pages_of_a_dead_worker(
    add: Add, embeddings: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "TURN_S", 0.0)
    days = ["Lundi", "Mardi", "Mercredi", "Jeudi", "Vendredi"]
    pages = [letter(tmp_path, f"{day}, la salle est ouverte.", *FRENCH) for day in days]
    document = add("long.pdf", scan_bytes(pages))
    at_once = len(reading.SCANS)
    assert run_stage(document) == "parsing"
    waiting = refreshed(document)
    assert (waiting.scanned_pages, waiting.recognised_pages) == (5, at_once)
    assert waiting.worker_seen_at is None
    # Another worker takes it up after the first one died.
    change(document, attempt=2)
    document = refreshed(document)
    read: list[int] = []
    recognise = reading.recognise_in_child

    def counted(*arguments: Any, **options: Any) -> Any:
        read.append(options["number"])
        return recognise(*arguments, **options)

    monkeypatch.setattr(reading, "recognise_in_child", counted)
    assert ingest(document) == "ready"
    assert sorted(read) == list(range(at_once + 1, 6))
    with tenant(document.instance_id):
        texts = DocumentPage.objects.order_by("number").values_list("text", flat=True)
        assert [text.partition(",")[0] for text in texts] == days
        # Reading was measured with the second attempt.
        assert UsageRecord.objects.order_by("-created_at")[0].cpu_seconds > 0.1


@pytest.mark.parametrize("languages", [[], ["xyz"]], ids=["none", "missing"])
def test_without_languages_scans_fail_with_a_reason(
    add: Add, tmp_path: Path, settings: Any, languages: list[str]
) -> None:
    settings.OCR_LANGUAGES = languages
    document = add("scan.pdf", scan_bytes([letter(tmp_path, *FRENCH)]))
    assert ingest(document) == "failed"
    assert refreshed(document).error_code == "image_only"


def test_other_languages_read_a_failed_scan_again(
    add: Add, embeddings: None, tmp_path: Path, settings: Any
) -> None:
    settings.OCR_LANGUAGES = ["eng"]
    document = add("blank.png", image_bytes(Image.new("L", (800, 1100), 255), "PNG"))
    assert ingest(document) == "failed"
    assert refreshed(document).error_code == "image_only"
    settings.OCR_LANGUAGES = ["fra"]
    with tenant(document.instance_id):
        uploads.retry([document])
    assert ingest(refreshed(document)) == "failed"
    with tenant(document.instance_id):
        assert ScannedPage.objects.get().method.startswith("tesseract fra ")
        assert not Chunk.objects.exists()


def test_turned_photo_is_shown_and_read_upright(add: Add, embeddings: None, tmp_path: Path) -> None:
    upright = letter(tmp_path, *FRENCH)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90° clockwise
    photo = image_bytes(upright.rotate(90, expand=True), "JPEG", exif=exif)
    document = add("photo.jpg", photo)
    assert ingest(document) == "ready"
    with tenant(document.instance_id):
        words = words_of(refreshed(document), 1)
    assert words is not None
    assert words.ratio == pytest.approx(842 / 595, abs=0.01)
    assert words.words[0].text == "Le"
