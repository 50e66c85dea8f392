"""Scans for the tests: text drawn by PDFium, with its own fonts, as pictures and as PDF files."""

from io import BytesIO
from pathlib import Path

import pypdfium2 as pdfium
from PIL import Image

from tests.ingestion.pdf_writer import Page, write_pdf

FRENCH = (
    "Le règlement intérieur précise les congés des maîtres de conférences.",
    "Quarante jours ouvrés sont accordés à chaque enseignant par année.",
    "La demande est déposée un mois avant le départ, au secrétariat.",
)
ENGLISH = (
    "The registry opens at nine every morning of the week.",
    "Doctoral students enrol before the fifteenth of October.",
    "A lost card is replaced free of charge within two days.",
)


def drawn(page: Page, folder: Path, *, dpi: int = 200, degrees: float = 0.0) -> Image.Image:
    """Draw an A4 page in grey, turned by some degrees counter-clockwise."""
    pdf = pdfium.PdfDocument(write_pdf(folder / "drawn.pdf", [page]))
    image = pdf[0].render(scale=dpi / 72, grayscale=True).to_pil().convert("L")
    pdf.close()
    return image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=255) if degrees else image


def letter(folder: Path, *lines: str, **how: float) -> Image.Image:
    """Draw lines under one another on a page."""
    return drawn(Page().lines(72, 740, *lines, size=12, step=1.4), folder, **how)  # type: ignore[arg-type]


def image_bytes(image: Image.Image, kind: str, **options: object) -> bytes:
    """Return the picture as a file."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def scan_bytes(images: list[Image.Image], *, dpi: int = 200) -> bytes:
    """Return a PDF file with a picture on each page."""
    first, *others = images
    return image_bytes(first, "PDF", resolution=dpi, save_all=True, append_images=others)
