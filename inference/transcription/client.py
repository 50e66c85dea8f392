"""Ask a server of OpenAI's ``/v1/audio/transcriptions`` what is said in a recording.

vLLM, speaches (faster-whisper-server), OpenGateLLM and our model server speak it. The answer is
``verbose_json``, whose segments have times; servers without segments give one for the whole.
"""

import asyncio
import io
import math
import wave
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx
import orjson
from django.conf.locale import LANG_INFO

from inference.clearance import check_clearance
from inference.errors import BackendTimeout, BackendUnavailable, InferenceError, ProtocolError
from inference.llm.backend import ChatBackend
from inference.llm.connections import REQUEST_FAILED, close_shared_client, shared_client
from inference.llm.failures import error_from_response
from inference.llm.wire import Timeouts, read_bytes
from instances.models.sensitivity import Sensitivity

SAMPLES_A_SECOND = 16_000
_POLL_S = 0.5
_CONNECT_TIMEOUT_S = 10.0
_MAX_SEGMENT_CHARS = 5_000
_MAX_SEGMENTS = 10_000
# OpenAI's server names languages in words.
_CODES = {info["name"].lower(): code for code, info in LANG_INFO.items() if "name" in info}


class TranscriptionCancelled(Exception):
    """The caller cancelled the request."""


@dataclass(frozen=True, slots=True)
class Speech:
    """Sound of 16 kHz in one channel, samples of 16 bits; ``language`` is "" if it is unknown."""

    samples: bytes
    sensitivity: Sensitivity
    language: str = ""

    @property
    def seconds(self) -> float:
        return len(self.samples) / 2 / SAMPLES_A_SECOND

    def as_wav(self) -> bytes:
        """Return it as a WAV file."""
        file = io.BytesIO()
        with wave.open(file, "wb") as content:
            content.setnchannels(1)
            content.setsampwidth(2)
            content.setframerate(SAMPLES_A_SECOND)
            content.writeframes(self.samples)
        return file.getvalue()


@dataclass(frozen=True, slots=True)
class Segment:
    """What is said from ``start`` to ``end`` (seconds).

    ``log_probability`` is the mean of its tokens, ``no_speech`` the probability that nothing is
    said; None where the server does not tell.
    """

    start: float
    end: float
    text: str
    log_probability: float | None = None
    no_speech: float | None = None


@dataclass(frozen=True, slots=True)
class Transcription:
    """What a server heard; ``language`` is an ISO 639-1 code, or "" if it does not tell.

    ``processor_seconds`` is reported by our model server; None with others.
    """

    segments: tuple[Segment, ...]
    language: str
    processor_seconds: float | None = None


def transcribe(
    backend: ChatBackend, speech: Speech, *, is_cancelled: Callable[[], bool]
) -> Transcription:
    """Return what is said. Raises InferenceError (NotCleared before anything is sent), and
    TranscriptionCancelled when ``is_cancelled``, which is called twice a second."""
    receiver = f"{backend.model} of {backend.base_url}"
    check_clearance(receiver, backend.clearance, [speech.sensitivity])
    # In a thread of its own, since that of the caller may have an event loop.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, _unless_cancelled(backend, speech, is_cancelled)).result()


async def _unless_cancelled(
    backend: ChatBackend, speech: Speech, is_cancelled: Callable[[], bool]
) -> Transcription:
    asking = asyncio.create_task(_ask(backend, speech))
    try:
        while not (await asyncio.wait([asking], timeout=_POLL_S))[0]:
            if is_cancelled():
                raise TranscriptionCancelled
        return asking.result()
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await close_shared_client()


async def _ask(backend: ChatBackend, speech: Speech) -> Transcription:
    url = backend.url("audio/transcriptions")
    fields = {"model": backend.model, "response_format": "verbose_json", "temperature": "0"}
    if speech.language:
        fields["language"] = speech.language
    form: dict[str, Any] = {
        "data": {**fields, "timestamp_granularities[]": ["segment"]},
        "files": {"file": ("part.wav", speech.as_wav(), "audio/wav")},
    }
    answer, body = await _post(backend, url, form)
    if answer.status_code != HTTPStatus.OK:
        raise error_from_response(answer.status_code, answer.headers, body)
    try:
        return read_transcription(orjson.loads(body), speech.seconds)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ProtocolError(f"{url} gave no transcription: {error}") from error


async def _post(
    backend: ChatBackend, url: str, form: Mapping[str, Any]
) -> tuple[httpx.Response, bytes]:
    """Return the response to a form, and its body, of ``MAX_ANSWER_BYTES`` at most."""
    client = shared_client(backend.ca_certificates, public_only=backend.is_restricted_to_public)
    # The whole takes no longer than its first byte may: servers answer when they have heard all.
    total_s = backend.first_byte_timeout_s
    try:
        async with (
            asyncio.timeout(total_s),
            client.stream(
                "POST",
                url,
                **form,
                headers={**backend.headers(), "Accept": "application/json"},
                timeout=httpx.Timeout(total_s, connect=_CONNECT_TIMEOUT_S),
            ) as answer,
            aclosing(read_bytes(answer, Timeouts(total_s, total_s))) as pieces,
        ):
            return answer, b"".join([piece async for piece in pieces])
    except REQUEST_FAILED as error:
        raise _request_error(url, error) from error
    except TimeoutError as error:
        raise BackendTimeout(f"{url}: no whole answer in {total_s} s") from error


def _request_error(url: str, error: Exception) -> InferenceError:
    message = f"{url}: {type(error).__name__} {error}"
    if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
        return BackendTimeout(message)
    return BackendUnavailable(message)


def read_transcription(answer: Any, seconds: float) -> Transcription:
    """Return what a server answered about a sound of so many seconds.

    Segments that Whisper itself takes for no speech are left out, times are brought into order.
    Raises ValueError, TypeError, KeyError or AttributeError for another answer.
    """
    given = answer.get("segments")
    if given is None:
        given = [{"start": 0, "end": seconds, "text": answer["text"]}]
    segments, before = [], 0.0
    for item in given[:_MAX_SEGMENTS]:
        segment = _segment(item, before, seconds)
        if segment is not None:
            segments.append(segment)
            before = segment.start
    usage = answer.get("usage")
    reported = usage.get("processor_seconds") if isinstance(usage, dict) else None
    spent = None if reported is None else max(0.0, float(reported))
    return Transcription(tuple(segments), _language(answer.get("language")), spent)


def _segment(raw: dict[str, Any], before: float, seconds: float) -> Segment | None:
    text = " ".join(str(raw["text"]).replace("\0", " ").split())[:_MAX_SEGMENT_CHARS]
    start = min(max(_number(raw["start"]) or 0.0, before), seconds)
    end = min(max(_number(raw["end"]) or 0.0, start), seconds)
    log_probability, no_speech = _number(raw.get("avg_logprob")), _number(raw.get("no_speech_prob"))
    # As Whisper decides by default.
    is_noise = (no_speech or 0) > 0.6 and log_probability is not None and log_probability < -1
    return None if is_noise or not text else Segment(start, end, text, log_probability, no_speech)


def _number(value: Any) -> float | None:
    if value is None:
        return None
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not a number")
    return number


def _language(value: Any) -> str:
    name = value.strip().lower() if isinstance(value, str) else ""
    return name if len(name) == 2 and name.isalpha() else _CODES.get(name, "")
