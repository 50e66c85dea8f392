"""Tesseract, by its wheel ``tesserocr``: loaded once, before the children that use it are forked.

A confined child can open no file, so the models of the languages must be in memory before. The
children share that memory. ``OMP_THREAD_LIMIT=1`` (``ingestion.sandbox.start``) keeps Tesseract
to one thread: threads do not survive a fork, and pages are read side by side instead.
"""

import atexit
from dataclasses import dataclass
from typing import Any

from PIL import Image

from ingestion.errors import ServiceError
from ingestion.parsing.ocr.data import OcrData

# Of the row of a line: the height of "x" is about half of the font size.
_X_HEIGHT = 0.5
_MIN_SIZE_PIXELS = 4.0

_engine: Any = None


@dataclass(frozen=True, slots=True)
class ReadWord:
    """A word, its confidence in percent, and its box in pixels from the top left."""

    text: str
    confidence: float
    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class ReadLine:
    """Words from left to right; ``size`` is about the font size, in pixels, and ``baseline`` where
    the letters stand."""

    size: float
    baseline: float
    words: tuple[ReadWord, ...]


def load(data: OcrData) -> None:
    """Load the languages; ServiceError if they cannot be."""
    global _engine
    import numpy  # noqa: F401 (a confined child can import nothing: ``skew`` needs it)
    import tesserocr

    try:
        _engine = tesserocr.PyTessBaseAPI(
            path=str(data.folder),
            lang="+".join(data.languages),
            oem=tesserocr.OEM.LSTM_ONLY,
            psm=tesserocr.PSM.AUTO,
        )
    except RuntimeError as error:
        raise ServiceError(f"Tesseract cannot read {data}: {error}") from error
    # Messages go to stderr, which is /dev/null in a child. tesserocr names /dev/null by its path:
    # a confined child cannot open it, and Tesseract would crash at its first message.
    _engine.SetVariable("debug_file", "")
    atexit.register(unload)


def unload() -> None:
    """Free the memory of the languages."""
    global _engine
    if _engine is not None:
        _engine.End()
        _engine = None


def read_lines(page: Image.Image, dpi: int) -> list[ReadLine]:
    """Return the lines of a grey page in reading order, column by column."""
    import tesserocr

    if _engine is None:
        raise ServiceError("no language of OCR is loaded")
    _engine.SetImageBytes(page.tobytes(), page.width, page.height, 1, page.width)
    _engine.SetSourceResolution(dpi)
    _engine.Recognize()
    found = _engine.GetIterator()
    if found is None:
        return []
    lines: list[ReadLine] = []
    words: list[ReadWord] = []
    for place in tesserocr.iterate_level(found, tesserocr.RIL.WORD):
        word = _word(place, tesserocr.RIL.WORD)
        if word is not None:
            words.append(word)
        if words and place.IsAtFinalElement(tesserocr.RIL.TEXTLINE, tesserocr.RIL.WORD):
            lines.append(_line(place, words))
            words = []
    return lines


def _word(place: Any, level: int) -> ReadWord | None:
    box = place.BoundingBox(level)
    try:
        text = place.GetUTF8Text(level).strip()
    except RuntimeError:  # a picture or a ruled line
        return None
    if box is None or not text:
        return None
    return ReadWord(text, place.Confidence(level), *box)


def _line(place: Any, words: list[ReadWord]) -> ReadLine:
    row = place.RowAttributes()
    # Ascenders and descenders are measured from the height of "x": the latter are negative.
    x_height = row["row_height"] - row["ascenders"] + row["descenders"]
    bottoms = sorted(word.bottom for word in words)
    return ReadLine(
        size=max(x_height / _X_HEIGHT, _MIN_SIZE_PIXELS),
        baseline=bottoms[len(bottoms) // 2] + min(row["descenders"], 0.0) * _has_descenders(words),
        words=tuple(words),
    )


def _has_descenders(words: list[ReadWord]) -> bool:
    """Tell whether half of the words have a letter that reaches below the line."""
    below = sum(any(letter in "gjpqyçQ,;" for letter in word.text) for word in words)
    return 2 * below > len(words)
