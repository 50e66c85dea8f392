"""Decode a part of a recording to sound that speech recognition reads: 16 kHz, one channel.

The container is given, not guessed: formats that name other files (playlists) are not tried.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ingestion.errors import CorruptDocument, NoSound, RecordingTooLong
from ingestion.parsing import media_types as types
from ingestion.parsing.text.normalise import one_line

# PyAV is imported by the functions that decode: web processes import this module for its types.
if TYPE_CHECKING:
    from av.container import InputContainer

SAMPLES_A_SECOND = 16_000
# A part ends at the quietest moment of its last seconds, so that no word is cut.
MAX_PART_SECONDS, SEARCHED_SECONDS = 120, 30
_WINDOW_SECONDS = 0.3
_STEPS_A_SECOND = 20
_MAX_TITLE_CHARS = 300
LONGEST_MS = 24 * 3600 * 1000
# FFmpeg's names of the containers.
_CONTAINERS: Mapping[str, str] = {
    types.MP3: "mp3",
    types.WAV: "wav",
    types.OGG: "ogg",
    types.FLAC: "flac",
    **dict.fromkeys((types.M4A, types.MP4, types.MOV), "mov"),
    **dict.fromkeys((types.WEBM, types.MATROSKA), "matroska"),
}
# Below this (of 32,768) nothing is said: the noise of a silent microphone is ten times louder.
_SILENT = 30

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class SoundPart:
    """The sound from ``start_ms`` to ``end_ms``, samples of 16 bits; "" where all is silent.

    ``duration_ms`` is that of the whole recording as its header says, 0 if it does not.
    """

    start_ms: int
    end_ms: int
    is_last: bool
    duration_ms: int
    title: str
    samples: bytes


def decode_part(file: BinaryIO, *, media_type: str, start_ms: int) -> SoundPart:
    """Return the next part of a recording, about two minutes, from ``start_ms`` on.

    Raises NoSound if it has no sound, RecordingTooLong for more than a day of it, CorruptDocument
    if it cannot be read.
    """
    import av

    try:
        container: InputContainer = av.open(
            file, "r", format=_CONTAINERS[media_type], metadata_errors="replace"
        )
    except (av.FFmpegError, ValueError) as error:
        raise CorruptDocument(f"not opened: {error}") from error
    with container:
        stream = next(iter(container.streams.audio), None)
        if stream is None:
            raise NoSound("no stream of sound")
        duration_ms = max(0, (container.duration or 0) // 1000)
        # Headers may say nothing.
        if max(duration_ms, start_ms) > LONGEST_MS:
            raise RecordingTooLong(f"{duration_ms} ms by its header, at {start_ms} ms")
        stream.codec_context.thread_count = 1
        samples, is_last = _samples(container, stream, start_ms / 1000)
        if not is_last:
            samples = samples[: _quietest(samples)]
        length_ms = 1000 * len(samples) // SAMPLES_A_SECOND
        is_silent = not len(samples) or int(np.abs(samples.astype(np.int32)).max()) < _SILENT
        title = container.metadata.get("title") or container.metadata.get("TITLE") or ""
        return SoundPart(
            start_ms=start_ms,
            end_ms=start_ms + length_ms,
            is_last=is_last,
            duration_ms=duration_ms,
            title=one_line(title.replace("\0", ""))[:_MAX_TITLE_CHARS],
            samples=b"" if is_silent else samples.tobytes(),
        )


def _samples(container: Any, stream: Any, start: float) -> tuple[Samples, bool]:
    """Return the sound from ``start`` on, at most that of a part, and whether it is the last."""
    wanted = MAX_PART_SECONDS * SAMPLES_A_SECOND
    gathered, length = list[Samples](), 0
    for piece in _pieces(container, stream, start):
        gathered.append(piece)
        length += len(piece)
        if length > wanted:
            break
    if not gathered:
        return np.zeros(0, np.int16), True
    return np.concatenate(gathered)[:wanted], length <= wanted


def _pieces(container: Any, stream: Any, start: float) -> Iterator[Samples]:
    """Yield the sound from ``start`` on, as it is decoded; damaged packets are passed over."""
    from av.audio.resampler import AudioResampler

    origin = max(0.0, (container.start_time or 0) / 1_000_000)
    if start > 0:
        container.seek(round((origin + start) * 1_000_000))
    resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLES_A_SECOND)
    skipped: int | None = None
    for frame in _frames(container, stream):
        if skipped is None:
            # After a seek, decoding begins somewhat before.
            began = origin + start if frame.time is None else frame.time
            skipped = max(0, round((origin + start - began) * SAMPLES_A_SECOND))
        frame.pts = None
        for resampled in resampler.resample(frame):
            piece = resampled.to_ndarray().reshape(-1)
            if skipped < len(piece):
                yield piece[skipped:].astype(np.int16, copy=False)
            skipped = max(0, skipped - len(piece))
    for resampled in resampler.resample(None) if skipped is not None else ():
        piece = resampled.to_ndarray().reshape(-1)
        yield piece[skipped:].astype(np.int16, copy=False)


def _frames(container: Any, stream: Any) -> Iterator[Any]:
    import av

    decoded = False
    failure: Exception | None = None
    try:
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.FFmpegError as error:
                failure = error
                continue
            for frame in frames:
                decoded = True
                yield frame
    except av.FFmpegError as error:
        failure = error
    if failure is not None and not decoded:
        raise CorruptDocument(f"nothing could be decoded: {failure}") from failure


def _quietest(samples: Samples) -> int:
    """Return where to end a part: in the middle of the quietest moment near its end."""
    step = SAMPLES_A_SECOND // _STEPS_A_SECOND
    searched = samples[-SEARCHED_SECONDS * SAMPLES_A_SECOND :]
    first = len(samples) - len(searched)
    steps = searched[: len(searched) // step * step].reshape(-1, step).astype(np.float64)
    energies = (steps**2).mean(axis=1)
    window = round(_WINDOW_SECONDS * _STEPS_A_SECOND)
    smoothed = np.convolve(energies, np.ones(window), "valid")
    # Of equally quiet moments the last, for long parts.
    quietest = len(smoothed) - 1 - int(np.argmin(smoothed[::-1]))
    return first + (quietest + window // 2) * step
