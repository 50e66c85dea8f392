"""Pages and sound as results of the child: JSON, after which the pixels or samples follow.

A child is not trusted: its results are rebuilt field by field, and unexpected data raises
ParserCrashed.
"""

from dataclasses import asdict
from typing import Any

import orjson

from ingestion.errors import ParserCrashed
from ingestion.parsing.drawn_pages import MAX_WORDS, PARTS, PagePicture, PageWords, PlacedWord
from ingestion.parsing.recognised import RecognisedPage, pack, unpack
from ingestion.parsing.recordings.decoding import SoundPart
from ingestion.sandbox.wire import UNEXPECTED, count_of, raise_error

_BYTES_PER_PIXEL, _BYTES_PER_SAMPLE = 3, 2
_MAX_TITLE_CHARS = 300


def dump_picture(picture: PagePicture) -> bytes:
    """Return a picture as a line of JSON, then its pixels."""
    head = {"width": picture.width, "height": picture.height, "stride": picture.stride}
    return orjson.dumps(head) + b"\n" + picture.pixels


def load_picture(data: bytes) -> PagePicture:
    """Return the picture that `dump_picture` wrote, or raise the error of the child."""
    head, _, pixels = data.partition(b"\n")
    try:
        raw = orjson.loads(head)
        raise_error(raw)
        width, height, stride = (count_of(raw[key]) for key in ("width", "height", "stride"))
        if stride < width * _BYTES_PER_PIXEL or len(pixels) != stride * height or not pixels:
            raise ValueError("not a picture")
    except UNEXPECTED as error:
        raise ParserCrashed(f"unreadable picture: {error}") from error
    return PagePicture(width, height, stride, pixels)


def dump_words(words: PageWords) -> bytes:
    """Return the words of a page as JSON."""
    return orjson.dumps(asdict(words))


def load_words(data: bytes) -> PageWords:
    """Return the words that `dump_words` wrote, or raise the error of the child."""
    try:
        raw = orjson.loads(data)
        raise_error(raw)
        if len(raw["words"]) > MAX_WORDS:
            raise ValueError("too many words")
        return PageWords(float(raw["ratio"]), tuple(_word(item) for item in raw["words"]))
    except UNEXPECTED as error:
        raise ParserCrashed(f"unreadable words: {error}") from error


def dump_recognised(page: RecognisedPage) -> bytes:
    """Return what OCR read on a page as JSON."""
    return orjson.dumps(pack(page))


def load_recognised(data: bytes) -> RecognisedPage:
    """Return what `dump_recognised` wrote, or raise the error of the child."""
    try:
        raw = orjson.loads(data)
        raise_error(raw)
        return unpack(raw)
    except UNEXPECTED as error:
        raise ParserCrashed(f"unreadable page: {error}") from error


def dump_sound(part: SoundPart) -> bytes:
    """Return a part of a recording as a line of JSON, then its samples."""
    head = {
        "start_ms": part.start_ms,
        "end_ms": part.end_ms,
        "is_last": part.is_last,
        "duration_ms": part.duration_ms,
        "title": part.title,
    }
    return orjson.dumps(head) + b"\n" + part.samples


def load_sound(data: bytes) -> SoundPart:
    """Return the part that `dump_sound` wrote, or raise the error of the child."""
    head, _, samples = data.partition(b"\n")
    try:
        raw = orjson.loads(head)
        raise_error(raw)
        start, end, duration = (count_of(raw[key]) for key in ("start_ms", "end_ms", "duration_ms"))
        title = raw["title"]
        if end < start or len(samples) % _BYTES_PER_SAMPLE or not isinstance(title, str):
            raise ValueError("not a sound")
        if end == start and raw["is_last"] is not True:
            raise ValueError("a part without length")
        title = title.replace("\0", "")[:_MAX_TITLE_CHARS]
        return SoundPart(start, end, raw["is_last"] is True, duration, title, samples)
    except UNEXPECTED as error:
        raise ParserCrashed(f"unreadable sound: {error}") from error


def _word(raw: dict[str, Any]) -> PlacedWord:
    text = raw["text"]
    if not isinstance(text, str):
        raise ValueError("not a text")
    box = [count_of(raw[key]) for key in ("left", "top", "width", "height")]
    if max(box) > PARTS:
        raise ValueError("outside the page")
    return PlacedWord(text, *box)
