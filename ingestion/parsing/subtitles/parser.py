"""Subtitles (WebVTT, SubRip): what is said, by whom, in sections that are named by their time."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from ingestion.errors import CorruptDocument
from ingestion.parsing import media_types
from ingestion.parsing.document import Block, ParsedDocument, ParsedPage
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.text.encoding import decode
from ingestion.parsing.text.normalise import one_line

# Hours are optional in WebVTT; SubRip writes a comma.
_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMING = re.compile(rf"^[ \t]*{_TIME}[ \t]*-->[ \t]*(?:\d+:)?\d+:\d+[.,]\d+", re.M)
_SPEAKER = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^>]+)>")
_TAG = re.compile(r"</?[a-z0-9][^<>]{0,200}>|\{\\[^{}]{0,100}\}", re.I)
_TITLE = re.compile(r"WEBVTT[ \t]+(?:-[ \t]*)?(\S[^\n]*)")
_END_OF_SENTENCE = re.compile(r"[.!?…][\"”»)\]]*$")
# Fewer words that end a cue and begin the next are a chance, unless they are all of the cue.
_MIN_REPEATED_WORDS = 2
# A section ends with the first sentence after so many seconds, and after twice as many anyhow.
SECTION_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown at once, from a moment on; `speaker` is "" if it is not told."""

    seconds: int
    speaker: str
    text: str


def _parse(file: BinaryIO, limits: ParseLimits, *, media_type: str) -> ParsedDocument:
    text = decode(file.read()).replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    pages = tuple(_sections(_without_repeats(_cues(text))))
    if not pages and text.strip():
        raise CorruptDocument("no times in the subtitles")
    title = _TITLE.match(text)
    return ParsedDocument(
        media_type=media_type,
        title=one_line(title.group(1)) if title else None,
        language=None,
        unit="section",
        pages=pages,
    )


parse_vtt = partial(_parse, media_type=media_types.VTT)
parse_srt = partial(_parse, media_type=media_types.SRT)


def time_label(seconds: int) -> str:
    """Return a moment as players show it: "1:02:03"."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def _cues(text: str) -> Iterator[Cue]:
    timings = list(_TIMING.finditer(text))
    for number, timing in enumerate(timings):
        # Up to the next timing: a line above it may be the number of its cue.
        end = timings[number + 1].start() if number + 1 < len(timings) else len(text)
        _settings, _, body = text[timing.end() : end].partition("\n")
        shown = body.split("\n\n", 1)[0]
        hours, minutes, seconds, _fraction = timing.groups()
        start = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
        yield from _voices(start, shown)


def _voices(start: int, shown: str) -> Iterator[Cue]:
    """Yield what each speaker of a cue says."""
    speaker = ""
    for number, part in enumerate(_SPEAKER.split(shown)):
        if number % 2:
            speaker = one_line(html.unescape(part))
        elif text := one_line(html.unescape(_TAG.sub("", part))):
            yield Cue(start, speaker, text)


def _without_repeats(cues: Iterator[Cue]) -> Iterator[Cue]:
    """Yield cues without the words that rolling captions show again: those that end a cue begin the
    next."""
    before: list[str] = []
    for cue in cues:
        words = cue.text.split()
        shown_again = next(
            (n for n in range(min(len(before), len(words)), 0, -1) if before[-n:] == words[:n]), 0
        )
        if 0 < shown_again < _MIN_REPEATED_WORDS and shown_again < len(before):
            shown_again = 0
        before = words
        if text := " ".join(words[shown_again:]):
            yield Cue(cue.seconds, cue.speaker, text)


def _sections(cues: Iterator[Cue]) -> Iterator[ParsedPage]:
    number, gathered = 1, list[Cue]()
    for cue in cues:
        if gathered and _ends_section(gathered, cue):
            yield _section(number, gathered)
            number, gathered = number + 1, []
        gathered.append(cue)
    if gathered:
        yield _section(number, gathered)


def _ends_section(gathered: list[Cue], following: Cue) -> bool:
    passed = following.seconds - gathered[0].seconds
    # Times that go back begin another recording.
    if passed < 0 or passed >= 2 * SECTION_SECONDS:
        return True
    changes = following.speaker != gathered[-1].speaker
    return passed >= SECTION_SECONDS and (
        changes or _END_OF_SENTENCE.search(gathered[-1].text) is not None
    )


def _section(number: int, cues: list[Cue]) -> ParsedPage:
    """Return a page with one paragraph for each turn of a speaker."""
    blocks: list[Block] = []
    speaker, said = cues[0].speaker, list[str]()
    for cue in [*cues, None]:
        if cue is None or cue.speaker != speaker:
            text = " ".join(said)
            blocks.append(Block("paragraph", f"{speaker}: {text}" if speaker else text))
            speaker, said = cue.speaker if cue else "", []
        if cue is not None:
            said.append(cue.text)
    return ParsedPage(number, time_label(cues[0].seconds), tuple(blocks))
