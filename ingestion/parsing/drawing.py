"""Draw pages of PDF files and pictures, and place the words of the former."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from typing import BinaryIO

import pypdfium2 as pdfium
import pypdfium2.raw as c
from PIL import Image

from ingestion.errors import CorruptDocument, EncryptedDocument
from ingestion.parsing.detection.pictures import picture_type
from ingestion.parsing.drawn_pages import MAX_WORDS, PARTS, PagePicture, PageWords, PlacedWord
from ingestion.parsing.image.frames import opened_page, upright
from ingestion.parsing.pdf.pdfium import mapped, says_password

_MAX_PIXELS = 16_000_000
_SURROGATES = range(0xD800, 0xE000)
_LINE_HYPHEN = 0xFFFE


def draw_page(file: BinaryIO, number: int, width: int) -> PagePicture:
    """Draw a page, counted from 1, ``width`` pixels wide, less if it were too many pixels.

    Raises CorruptDocument, EncryptedDocument or ImageTooLarge.
    """
    if picture_type(file):
        return _draw_picture(file, number, width)
    with opened_pdf_page(file, number) as page:
        natural_width, natural_height = page.get_size()
        scale = width / natural_width
        pixels = natural_width * natural_height * scale**2
        scale *= min(1.0, (_MAX_PIXELS / pixels) ** 0.5)
        bitmap = page.render(scale=scale, rev_byteorder=True)
        return PagePicture(bitmap.width, bitmap.height, bitmap.stride, bytes(bitmap.buffer))


def _draw_picture(file: BinaryIO, number: int, width: int) -> PagePicture:
    with opened_page(file, number) as image:
        scale = min(width / image.width, (_MAX_PIXELS / (image.width * image.height)) ** 0.5)
        # A JPEG is decoded smaller where that is enough.
        image.draft("RGB", (ceil(image.width * scale), ceil(image.height * scale)))
        shown = upright(image, "RGB")
    scale = min(width / shown.width, (_MAX_PIXELS / (shown.width * shown.height)) ** 0.5)
    size = (max(1, round(shown.width * scale)), max(1, round(shown.height * scale)))
    shown = shown.resize(size, Image.Resampling.BICUBIC)
    return PagePicture(shown.width, shown.height, 3 * shown.width, shown.tobytes())


def page_words(file: BinaryIO, number: int) -> PageWords:
    """Return the words of a page of a PDF file, counted from 1; raises as ``draw_page``."""
    with opened_pdf_page(file, number) as page:
        width, height = page.get_size()
        return PageWords(height / width, tuple(_Words(page).read()))


@contextmanager
def opened_pdf_page(file: BinaryIO, number: int) -> Iterator[pdfium.PdfPage]:
    """Yield a page, counted from 1, with its form filled in.

    Raises CorruptDocument or EncryptedDocument.
    """
    try:
        pdf = pdfium.PdfDocument(mapped(file))
        if pdf.get_formtype() != c.FORMTYPE_NONE:
            pdf.init_forms()
        if not 1 <= number <= len(pdf):
            raise CorruptDocument(f"no page {number}")
        page = pdf[number - 1]
        if not all(side > 0 for side in page.get_size()):
            raise CorruptDocument("a page without a size")
        yield page
    except pdfium.PdfiumError as error:
        if says_password(error):
            raise EncryptedDocument(str(error)) from error
        raise CorruptDocument(str(error)) from error


class _Words:
    """Reads words with their boxes; keeps the C variables that all calls share."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        self._page = page.raw
        self._text = page.get_textpage()
        self._box = c.FS_RECTF()
        self._point = [ctypes.c_int() for _ in range(2)]

    def read(self) -> Iterator[PlacedWord]:
        """Yield the words between white space, as long as they are not too many."""
        letters: list[str] = []
        corners: list[tuple[int, int]] = []
        words = 0
        for index in range(self._text.count_chars()):
            code = c.FPDFText_GetUnicode(self._text.raw, index)
            letter = "" if code in _SURROGATES or code == _LINE_HYPHEN else chr(code)
            if letter and not letter.isspace():
                letters.append(letter)
                corners += self._corners(index)
            elif letters:
                yield _word(letters, corners)
                letters, corners = [], []
                words += 1
                if words == MAX_WORDS:
                    return
        if letters:
            yield _word(letters, corners)

    def _corners(self, index: int) -> list[tuple[int, int]]:
        """Return two opposite corners of a character in ``PARTS`` of the page as it is shown."""
        box = self._box
        if not c.FPDFText_GetLooseCharBox(self._text.raw, index, box):
            return []
        return [self._shown(box.left, box.bottom), self._shown(box.right, box.top)]

    def _shown(self, x: float, y: float) -> tuple[int, int]:
        across, down = self._point
        c.FPDF_PageToDevice(self._page, 0, 0, PARTS, PARTS, 0, x, y, across, down)
        return _inside(across.value), _inside(down.value)


def _inside(place: int) -> int:
    return min(max(place, 0), PARTS)


def _word(letters: list[str], corners: list[tuple[int, int]]) -> PlacedWord:
    across = [x for x, _ in corners] or [0]
    down = [y for _, y in corners] or [0]
    left, top = min(across), min(down)
    return PlacedWord("".join(letters), left, top, max(across) - left, max(down) - top)
