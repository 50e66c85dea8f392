"""Recordings for the tests: tones with pauses, in every container that is read."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

RATE = 16_000
# Container and codec of each kind of file, by the end of its name; of films with one of pictures.
KINDS: dict[str, tuple[str, str, str]] = {
    "lecture.wav": ("wav", "pcm_s16le", ""),
    "lecture.mp3": ("mp3", "mp3", ""),
    "lecture.m4a": ("ipod", "aac", ""),
    "lecture.opus": ("ogg", "libopus", ""),
    "lecture.flac": ("flac", "flac", ""),
    "lecture.webm": ("webm", "libopus", ""),
    "cours.mp4": ("mp4", "aac", "mpeg4"),
    "cours.mov": ("mov", "aac", "mpeg4"),
    "cours.webm": ("webm", "libopus", "libvpx"),
    "cours.mkv": ("matroska", "mp3", "mpeg4"),
}


def tone(seconds: float, *, silences: Sequence[tuple[float, float]] = ()) -> NDArray[np.int16]:
    """A tone of 16 kHz, silent between the given seconds."""
    times = np.arange(round(seconds * RATE)) / RATE
    samples = 8000 * np.sin(2 * np.pi * 220 * times)
    for start, end in silences:
        samples[round(start * RATE) : round(end * RATE)] = 0
    return samples.astype(np.int16)


def recording(samples: NDArray[np.int16], kind: str = "lecture.wav", *, title: str = "") -> bytes:
    """The samples as a file of a kind (a key of ``KINDS``)."""
    container_name, codec, pictures = KINDS[kind]
    file = BytesIO()
    with av.open(file, "w", format=container_name) as container:
        if title:
            container.metadata["title"] = title
        sound: Any = container.add_stream(codec, rate=48_000 if "opus" in codec else RATE)
        sound.layout = "mono"
        film: Any = None
        if pictures:
            film = container.add_stream(pictures, rate=5)
            film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
        if film is not None:
            for _ in range(round(5 * len(samples) / RATE)):
                picture = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), "rgb24")
                container.mux(film.encode(picture))
            container.mux(film.encode(None))
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), "s16", "mono")
        frame.sample_rate = RATE
        resampler = av.AudioResampler(
            format=sound.codec_context.format.name,
            layout="mono",
            rate=sound.codec_context.sample_rate,
            frame_size=sound.codec_context.frame_size or 1024,
        )
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(sound.encode(piece))
        container.mux(sound.encode(None))
    return file.getvalue()


def film_without_sound() -> bytes:
    """A film of one second that has pictures only."""
    file = BytesIO()
    with av.open(file, "w", format="mp4") as container:
        film: Any = container.add_stream("mpeg4", rate=5)
        film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
        for _ in range(5):
            picture = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), "rgb24")
            container.mux(film.encode(picture))
        container.mux(film.encode(None))
    return file.getvalue()
