"""Read one page: straighten it, read it, and place the words on the page as it is."""

import math
from typing import BinaryIO

from PIL import Image

from ingestion.parsing.drawn_pages import MAX_WORDS, PARTS, PlacedWord
from ingestion.parsing.ocr.engine import ReadLine, ReadWord, read_lines
from ingestion.parsing.ocr.rasters import page_raster
from ingestion.parsing.ocr.skew import skew_of
from ingestion.parsing.recognised import RecognisedLine, RecognisedPage, mean_confidence

# Below, Tesseract copes by itself, and turning would only blur.
_MIN_SKEW = 0.25
# Lines of a lower confidence are what it makes of pictures and dirt.
_MIN_LINE_CONFIDENCE = 30
_WHITE = 255
_POINTS_PER_INCH = 72
_MIN_POINTS = 1.0


def recognise_page(file: BinaryIO, number: int) -> RecognisedPage:
    """Return what OCR reads on a page, counted from 1, of a PDF file or a picture.

    ``ingestion.parsing.ocr.engine.load`` must have been called. Raises CorruptDocument,
    EncryptedDocument or ImageTooLarge.
    """
    raster = page_raster(file, number)
    if raster is None:
        return RecognisedPage(number, _MIN_POINTS, _MIN_POINTS, ())
    page = _Straightened(raster.image, skew_of(raster.image))
    dpi = round(raster.image.width / raster.width * _POINTS_PER_INCH)
    lines = [page.placed(line) for line in read_lines(page.image, dpi)]
    return RecognisedPage(number, raster.width, raster.height, _legible(lines))


def _legible(lines: list[RecognisedLine]) -> tuple[RecognisedLine, ...]:
    kept: list[RecognisedLine] = []
    words = 0
    for line in lines:
        words += len(line.words)
        if words > MAX_WORDS:
            break
        if mean_confidence([line]) >= _MIN_LINE_CONFIDENCE:
            kept.append(line)
    return tuple(kept)


class _Straightened:
    """A page turned by some degrees counter-clockwise, and the way back to the page as it is."""

    def __init__(self, page: Image.Image, degrees: float) -> None:
        self._width, self._height = page.size
        self._degrees = degrees if abs(degrees) >= _MIN_SKEW else 0.0
        self.image = page
        if self._degrees:
            self.image = page.rotate(
                self._degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=_WHITE
            )
        radians = math.radians(self._degrees)
        self._cosine, self._sine = math.cos(radians), math.sin(radians)

    def placed(self, line: ReadLine) -> RecognisedLine:
        """Return a line with its places in ``PARTS`` of the page as it is."""
        first = line.words[0]
        _, baseline = self._original(first.left, line.baseline)
        return RecognisedLine(
            size=_inside(line.size / self._height),
            baseline=_inside(baseline / self._height),
            words=tuple(self._word(word) for word in line.words),
            confidences=tuple(min(max(round(word.confidence), 0), 100) for word in line.words),
        )

    def _word(self, word: ReadWord) -> PlacedWord:
        middle = self._original((word.left + word.right) / 2, (word.top + word.bottom) / 2)
        width, height = word.right - word.left, word.bottom - word.top
        left = _inside((middle[0] - width / 2) / self._width)
        top = _inside((middle[1] - height / 2) / self._height)
        return PlacedWord(
            word.text,
            left,
            top,
            min(_inside(width / self._width), PARTS - left),
            min(_inside(height / self._height), PARTS - top),
        )

    def _original(self, x: float, y: float) -> tuple[float, float]:
        """Return the place on the page as it is of a place on the turned page."""
        across, down = x - self.image.width / 2, y - self.image.height / 2
        return (
            self._cosine * across - self._sine * down + self._width / 2,
            self._sine * across + self._cosine * down + self._height / 2,
        )


def _inside(share: float) -> int:
    return min(max(round(PARTS * share), 0), PARTS)
