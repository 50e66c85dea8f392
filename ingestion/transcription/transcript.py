"""The transcript of a recording: what is said, and when; as captions, and as a text to search."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inference.transcription.client import Transcription
from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.parsing.subtitles.parser import time_label

# The mean log-probability of tokens below which a minute is poor: half of the probability each.
# Whisper itself decodes anew below -1.
POOR_LOG_PROBABILITY = -0.7
_WARNED_SECONDS = 60
_MS = 1000
_WORD = re.compile(r"\w+")
# The first words of a quote find its place.
_OPENING_WORDS = 6


@dataclass(frozen=True, slots=True)
class Said:
    """What is said from one moment to another; ``log_probability`` as of ``Segment``."""

    start_ms: int
    end_ms: int
    text: str
    log_probability: float | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """All that is said in a recording, in order."""

    said: tuple[Said, ...]

    def as_vtt(self) -> str:
        """Return it as captions in WebVTT."""
        cues = [
            f"{_timestamp(one.start_ms)} --> {_timestamp(max(one.end_ms, one.start_ms + 1))}\n"
            f"{_escaped(one.text)}\n"
            for one in self.said
        ]
        return "WEBVTT\n\n" + "\n".join(cues)

    def warnings(self) -> tuple[ParseWarning, ...]:
        """Return a warning that names the minutes in which words were heard uncertainly."""
        minutes: dict[int, list[tuple[int, float]]] = {}
        for one in self.said:
            if one.log_probability is not None:
                minute = one.start_ms // _MS // _WARNED_SECONDS
                minutes.setdefault(minute, []).append((len(one.text), one.log_probability))
        poor = [
            time_label(minute * _WARNED_SECONDS)
            for minute, heard in minutes.items()
            if sum(n * p for n, p in heard) / sum(n for n, _ in heard) < POOR_LOG_PROBABILITY
        ]
        return (ParseWarning(WarningCode.POOR_RECORDING, tuple(poor)),) if poor else ()

    def moment_of(self, quote: str, *, from_s: int, until_s: int | None) -> int:
        """Return the second at which a quote begins, looked for between two moments; ``from_s`` if
        it is not found."""
        until_ms = None if until_s is None else until_s * _MS
        near = [
            one
            for one in self.said
            if one.end_ms >= from_s * _MS and (until_ms is None or one.start_ms < until_ms)
        ]
        wanted = _words(quote)[:_OPENING_WORDS]
        words = [(word, one.start_ms) for one in near for word in _words(one.text)]
        for at in range(len(words) - len(wanted) + 1 if wanted else 0):
            if [word for word, _ in words[at : at + len(wanted)]] == wanted:
                return words[at][1] // _MS
        return from_s


def pack(transcription: Transcription, start_ms: int) -> list[list[Any]]:
    """Return what was heard in the part that begins at ``start_ms``, as JSON values."""
    return [
        [
            start_ms + round(one.start * _MS),
            start_ms + round(one.end * _MS),
            one.text,
            None if one.log_probability is None else round(one.log_probability, 3),
        ]
        for one in transcription.segments
    ]


def unpack(parts: Sequence[Sequence[Sequence[Any]]]) -> Transcript:
    """Return the transcript of packed parts, in order."""
    return Transcript(tuple(Said(*segment) for segments in parts for segment in segments))


def seconds_of(label: str) -> int | None:
    """Return the seconds of a moment as ``time_label`` writes it; None for another text."""
    numbers = label.split(":")
    if not 2 <= len(numbers) <= 3 or not all(number.isdecimal() for number in numbers):
        return None
    seconds = 0
    for number in numbers:
        seconds = 60 * seconds + int(number)
    return seconds


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _timestamp(ms: int) -> str:
    seconds, fraction = divmod(ms, _MS)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{fraction:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
