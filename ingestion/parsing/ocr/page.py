"""Read one page: turn it upright, straighten it, read it, and place its words."""

import math
from typing import BinaryIO

from PIL import Image

from ingestion.parsing.drawn_pages import MAX_WORDS, PARTS, PlacedWord
from ingestion.parsing.ocr.engine import ReadLine, ReadWord, read_lines
from ingestion.parsing.ocr.rasters import Raster, page_raster
from ingestion.parsing.ocr.skew import is_on_its_side, skew_of
from ingestion.parsing.recognised import RecognisedLine, RecognisedPage, mean_confidence

# Below, Tesseract copes by itself, and turning would only blur.
_MIN_SKEW = 0.25
# Lines of a lower confidence are what it makes of pictures and dirt.
_MIN_LINE_CONFIDENCE = 30
_WHITE = 255
# Of the words of a page, in percent: above, it is the right way round; below the second, it may lie
# on its side after all.
_SURE, _LEGIBLE = 70, 50
_TRANSPOSED = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}
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
    dpi = round(raster.image.width / raster.width * _POINTS_PER_INCH)
    best = RecognisedPage(number, raster.width, raster.height, ())
    for turn in _turns(raster.image):
        if turn % 180 != best.turn % 180 and best.confidence >= _LEGIBLE:
            break  # a poor scan, but the right way round or nearly
        page = _read(raster, number, turn, dpi)
        best = max(best, page, key=_weight)
        if page.confidence >= _SURE:
            break
    return best


def _turns(image: Image.Image) -> tuple[int, ...]:
    """Return the turns of a page to try, the likeliest first."""
    return (90, 270, 0, 180) if is_on_its_side(image) else (0, 180, 90, 270)


def _read(raster: Raster, number: int, turn: int, dpi: int) -> RecognisedPage:
    image = raster.image.transpose(_TRANSPOSED[turn]) if turn else raster.image
    on_side = turn in (90, 270)
    width, height = (raster.height, raster.width) if on_side else (raster.width, raster.height)
    page = _Straightened(image, skew_of(image))
    lines = [page.placed(line) for line in read_lines(page.image, dpi)]
    return RecognisedPage(number, width, height, _legible(lines), turn)


def _weight(page: RecognisedPage) -> int:
    """Return the confidence of all words, weighted by their letters."""
    return page.confidence * sum(len(line.text) for line in page.lines)


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
