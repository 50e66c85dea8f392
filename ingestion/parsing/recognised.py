"""What OCR reads on a page: lines of words with their boxes and confidences.

It is made in a confined child, kept in the database (``ingestion.recognition``) and passed to the
child that parses the whole document: ``pack`` and ``unpack`` are its form in JSON on these ways. A
child is not trusted, so ``unpack`` checks every field.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ingestion.parsing.drawn_pages import MAX_WORDS, PARTS, PageWords, PlacedWord

# A page whose words have a lower confidence on average (percent, weighted by their letters) is a
# poor scan: docs/decisions/044-ocr.md.
POOR_CONFIDENCE = 80
TURNS = (0, 90, 180, 270)
_MAX_POINTS = 20_000.0
_MAX_WORD_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class RecognisedLine:
    """Words from left to right, with their confidences in percent.

    ``size`` is about the font size, ``baseline`` the distance of the foot of the letters from the
    top of the page, both in ``PARTS`` of the height of the page.
    """

    size: int
    baseline: int
    words: tuple[PlacedWord, ...]
    confidences: tuple[int, ...]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class RecognisedPage:
    """The lines of a page in reading order; ``number`` counts from 1, its size is in points.

    A page that lies on its side or its head was turned by ``turn`` degrees counter-clockwise; its
    size and its lines are those of the page as it was read.
    """

    number: int
    width: float
    height: float
    lines: tuple[RecognisedLine, ...]
    turn: int = 0

    @property
    def placed_words(self) -> PageWords:
        """Its words with their places on the page as it is."""
        words = (word for line in self.lines for word in line.words)
        on_side = self.turn in (90, 270)
        width, height = (self.height, self.width) if on_side else (self.width, self.height)
        return PageWords(height / width, tuple(_turned_back(word, self.turn) for word in words))

    @property
    def confidence(self) -> int:
        """The confidence of its words in percent, weighted by their letters; 0 without words."""
        return mean_confidence(self.lines)


Recognised = Mapping[int, RecognisedPage]


def mean_confidence(lines: Iterable[RecognisedLine]) -> int:
    """Return the confidence of the words of ``lines`` in percent, weighted by their letters."""
    weighed = letters = 0
    for line in lines:
        for word, confidence in zip(line.words, line.confidences, strict=True):
            weighed += len(word.text) * confidence
            letters += len(word.text)
    return weighed // letters if letters else 0


def _turned_back(word: PlacedWord, turn: int) -> PlacedWord:
    """Return a word with its place before the page was turned counter-clockwise."""
    right = max(0, PARTS - word.left - word.width)
    bottom = max(0, PARTS - word.top - word.height)
    match turn:
        case 90:
            return PlacedWord(word.text, bottom, word.left, word.height, word.width)
        case 180:
            return PlacedWord(word.text, right, bottom, word.width, word.height)
        case 270:
            return PlacedWord(word.text, word.top, right, word.height, word.width)
    return word


def pack(page: RecognisedPage) -> dict[str, Any]:
    """Return a page as JSON values, short enough to be kept by the thousand."""
    return {
        "number": page.number,
        "width": page.width,
        "height": page.height,
        "turn": page.turn,
        "lines": [[line.size, line.baseline, list(_packed_words(line))] for line in page.lines],
    }


def _packed_words(line: RecognisedLine) -> Iterator[list[str | int]]:
    for word, confidence in zip(line.words, line.confidences, strict=True):
        yield [word.text, word.left, word.top, word.width, word.height, confidence]


def unpack(raw: Any) -> RecognisedPage:
    """Return the page that ``pack`` wrote; raises ValueError, TypeError or KeyError."""
    lines = tuple(_line(item) for item in raw["lines"])
    if sum(len(line.words) for line in lines) > MAX_WORDS:
        raise ValueError("too many words")
    return RecognisedPage(
        number=_whole(raw["number"], 2**31 - 1),
        width=_points(raw["width"]),
        height=_points(raw["height"]),
        lines=lines,
        turn=_turn(raw.get("turn", 0)),  # pages that were read before have none
    )


def _line(raw: Any) -> RecognisedLine:
    size, baseline, words = raw
    return RecognisedLine(
        size=_whole(size, PARTS),
        baseline=_whole(baseline, PARTS),
        words=tuple(_word(item) for item in words),
        confidences=tuple(_whole(item[5], 100) for item in words),
    )


def _word(raw: Any) -> PlacedWord:
    text, left, top, width, height, _confidence = raw
    if not isinstance(text, str) or not 0 < len(text) <= _MAX_WORD_CHARS or "\0" in text:
        raise ValueError("not a word")
    return PlacedWord(text, *(_whole(item, PARTS) for item in (left, top, width, height)))


def _whole(value: object, most: int) -> int:
    if not isinstance(value, int) or not 0 <= value <= most:
        raise ValueError("not a count")
    return value


def _turn(value: object) -> int:
    if value not in TURNS or not isinstance(value, int):
        raise ValueError("not a turn")
    return value


def _points(value: object) -> float:
    if not isinstance(value, int | float) or not 0 < value <= _MAX_POINTS:
        raise ValueError("not a length")
    return float(value)
