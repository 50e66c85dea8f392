"""What a reader sees of a page of a PDF: its picture, and where its words stand in it."""

from dataclasses import dataclass

# Places in a page are counted in ten-thousandths of its width or height, from the top left.
PARTS = 10_000
# More than a reader could read.
MAX_WORDS = 20_000


@dataclass(frozen=True, slots=True)
class PagePicture:
    """Rows of ``stride`` bytes, each of ``width`` pixels in red, green and blue."""

    width: int
    height: int
    stride: int
    pixels: bytes


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word and its box, in ``PARTS`` of the page."""

    text: str
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PageWords:
    """The words of a page in content order; ``ratio`` is its height divided by its width."""

    ratio: float
    words: tuple[PlacedWord, ...]
