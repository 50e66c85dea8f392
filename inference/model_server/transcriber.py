"""Speech to text by faster-whisper: ``/v1/audio/transcriptions`` of our model server.

For machines without a server of speech. Its packages are optional (requirements-transcription.txt),
its model a folder of the operator's. It computes in threads of low priority, one request at a time:
questions go first.
"""

import asyncio
import io
import os
import re
import threading
import wave
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import Message
from functools import partial
from http import HTTPStatus
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from inference.model_server.schemas import RequestRefused, invalid

SAMPLES_A_SECOND = 16_000
MAX_SECONDS = 600
_NICENESS = 10
_FIELD_NAME = re.compile(rb'[; ]name="([^"\r\n]*)"', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TranscriptionRequest:
    """POST /v1/audio/transcriptions: a WAV file of 16 kHz, 16 bits and one channel."""

    model: str
    samples: NDArray[np.float32]
    language: str | None


class Transcriber:
    """A Whisper model, converted for CTranslate2, in ``folder``.

    Raises FileNotFoundError if the folder or the packages are missing.
    """

    def __init__(self, folder: Path, *, name: str, threads: int) -> None:
        self.name = name
        if not (folder / "model.bin").is_file():
            raise FileNotFoundError(f"TRANSCRIPTION_FOLDER has no model.bin: {folder}")
        self._executor = ThreadPoolExecutor(1, "transcriber", initializer=_lower_priority)
        # In the thread of low priority, from which those of the computation inherit it.
        self._model: Any = self._executor.submit(_load, folder, threads).result()

    async def transcribe(self, request: TranscriptionRequest) -> bytes:
        """Return the answer, ``verbose_json``. Raises RequestRefused."""
        if request.model not in ("", self.name):
            raise RequestRefused(
                HTTPStatus.NOT_FOUND, "model_not_found", f"{request.model} is not served here"
            )
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, partial(self._transcribed, request))

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _transcribed(self, request: TranscriptionRequest) -> bytes:
        began = process_time()
        try:
            found, info = self._model.transcribe(
                request.samples,
                language=request.language,
                vad_filter=True,
                # Else an error is repeated to the end.
                condition_on_previous_text=False,
            )
            segments = [_segment(number, each) for number, each in enumerate(found)]
        except ValueError as error:
            raise invalid(str(error), "language") from error
        spent = process_time() - began
        answer = {
            "task": "transcribe",
            "language": info.language,
            "duration": info.duration,
            "text": " ".join(segment["text"].strip() for segment in segments),
            "segments": segments,
            "usage": {"type": "duration", "seconds": info.duration, "processor_seconds": spent},
        }
        return orjson.dumps(answer)


def _load(folder: Path, threads: int) -> Any:
    try:
        from faster_whisper import WhisperModel
    except ImportError as error:
        raise FileNotFoundError(
            f"TRANSCRIPTION_FOLDER needs requirements-transcription.txt: {error}"
        ) from error
    return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads)


def _lower_priority() -> None:
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def _segment(number: int, segment: Any) -> dict[str, Any]:
    return {
        "id": number,
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "avg_logprob": segment.avg_logprob,
        "no_speech_prob": segment.no_speech_prob,
        "compression_ratio": segment.compression_ratio,
    }


def read_request(content_type: str, body: bytes) -> TranscriptionRequest:
    """Return the request in a multipart body. Raises RequestRefused."""
    fields = _fields(content_type, body)
    if "file" not in fields:
        raise invalid("file must be a WAV file", "file")
    if fields.get("response_format", b"verbose_json") != b"verbose_json":
        raise invalid("response_format must be verbose_json", "response_format")
    return TranscriptionRequest(
        model=fields.get("model", b"").decode(errors="replace"),
        samples=_samples(fields["file"]),
        language=fields.get("language", b"").decode(errors="replace") or None,
    )


def _fields(content_type: str, body: bytes) -> Mapping[str, bytes]:
    """Return the fields of a multipart/form-data body (RFC 7578), by name."""
    head = Message()
    head["Content-Type"] = content_type
    boundary = head.get_boundary()
    if head.get_content_type() != "multipart/form-data" or not boundary:
        raise invalid("the body must be multipart/form-data")
    found: dict[str, bytes] = {}
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:]:
        headers, _, content = part.partition(b"\r\n\r\n")
        if name := _FIELD_NAME.search(headers):
            found[name.group(1).decode(errors="replace")] = content
    return found


def _samples(content: bytes) -> NDArray[np.float32]:
    try:
        with wave.open(io.BytesIO(content)) as file:
            shape = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            if shape != (SAMPLES_A_SECOND, 1, 2):
                raise invalid("file must have 16 kHz, one channel and 16 bits", "file")
            if file.getnframes() > MAX_SECONDS * SAMPLES_A_SECOND:
                raise invalid(f"file must last {MAX_SECONDS} s at most", "file")
            data = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise invalid(f"file must be a WAV file: {error}", "file") from error
    whole = np.frombuffer(data[: len(data) // 2 * 2], "<i2")
    return (whole / 32768).astype(np.float32)
