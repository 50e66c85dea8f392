"""Pages of files in grey pixels, as OCR wants them."""

from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image

from ingestion.parsing.detection.pictures import picture_type
from ingestion.parsing.drawing import opened_pdf_page
from ingestion.parsing.image.frames import opened_page, upright

# At 300 Tesseract takes longer, and makes more errors on noisy pages: docs/decisions/044-ocr.md.
DPI = 200
_POINTS_PER_INCH = 72
# A2 at 200 dpi.
_MAX_PIXELS = 17_500_000
_MIN_SIDE = 16
# Of a picture that does not say its resolution: the width of A4.
PICTURE_WIDTH_POINTS = 595.0
# Letters of a screen's picture are half as large as those of a scan.
_MAX_ENLARGEMENT = 3.0


@dataclass(frozen=True, slots=True)
class Raster:
    """A page in grey pixels, and its size in points."""

    image: Image.Image
    width: float
    height: float


def page_raster(file: BinaryIO, number: int) -> Raster | None:
    """Return a page, counted from 1, or None if it is too small to hold text.

    Raises CorruptDocument, EncryptedDocument or ImageTooLarge.
    """
    if picture_type(file):
        return _picture(file, number)
    with opened_pdf_page(file, number) as page:
        width, height = page.get_size()
        scale = DPI / _POINTS_PER_INCH
        scale *= min(1.0, (_MAX_PIXELS / (width * height * scale**2)) ** 0.5)
        bitmap = page.render(scale=scale, grayscale=True)
        image = bitmap.to_pil().convert("L")
    return Raster(image, width, height) if min(image.size) >= _MIN_SIDE else None


def _picture(file: BinaryIO, number: int) -> Raster | None:
    with opened_page(file, number) as image:
        if min(image.size) < _MIN_SIDE:
            return None
        most = (_MAX_PIXELS / (image.width * image.height)) ** 0.5
        if most < 1:
            # A JPEG is decoded smaller, for an eighth of the time.
            image.draft("L", (round(image.width * most), round(image.height * most)))
        grey = upright(image, "L")
    wanted = min(DPI * PICTURE_WIDTH_POINTS / _POINTS_PER_INCH / grey.width, _MAX_ENLARGEMENT)
    scale = min(max(wanted, 1.0), (_MAX_PIXELS / (grey.width * grey.height)) ** 0.5)
    if scale != 1.0:
        size = (max(1, round(grey.width * scale)), max(1, round(grey.height * scale)))
        grey = grey.resize(size, Image.Resampling.BICUBIC)
    height = PICTURE_WIDTH_POINTS * grey.height / grey.width
    return Raster(grey, PICTURE_WIDTH_POINTS, height)
