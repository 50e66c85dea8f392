"""Speech to text by our model server. What it hears is tested where faster-whisper is installed and
TRANSCRIPTION_FOLDER names a model."""

import asyncio
import os
from pathlib import Path

import httpx
import numpy as np
import orjson
import pytest

from inference.model_server.schemas import RequestRefused
from inference.model_server.transcriber import Transcriber, read_request
from inference.transcription.client import Speech
from instances.models import Sensitivity
from tests.fixtures.models import ModelServer

TONE = (8000 * np.sin(np.arange(16_000) / 10)).astype("<i2").tobytes()
WAV = Speech(TONE, Sensitivity.INTERNAL).as_wav()


def body_of(**fields: bytes) -> tuple[str, bytes]:
    """A multipart body as httpx writes it."""
    files = {
        name: ("f", content) if name == "file" else (None, content)
        for name, content in fields.items()
    }
    request = httpx.Request("POST", "http://127.0.0.1/", files=files)
    return request.headers["content-type"], request.read()


def test_request_of_our_client_is_read() -> None:
    request = read_request(*body_of(file=WAV, model=b"whisper", language=b"fr"))
    assert (request.model, request.language, len(request.samples)) == ("whisper", "fr", 16_000)
    assert float(np.abs(request.samples).max()) == pytest.approx(8000 / 32768, abs=0.01)


@pytest.mark.parametrize(
    ("content_type", "body", "param"),
    [
        ("application/json", b"{}", None),
        ("multipart/form-data", b"--", None),
        (*body_of(model=b"whisper"), "file"),
        (*body_of(file=b"RIFF"), "file"),
        (*body_of(file=WAV[:20]), "file"),
        (
            *body_of(
                file=WAV.replace((16_000).to_bytes(4, "little"), (8_000).to_bytes(4, "little"))
            ),
            "file",
        ),
        (*body_of(file=WAV, response_format=b"text"), "response_format"),
    ],
    ids=["json", "no boundary", "no file", "no wav", "cut", "8 kHz", "text"],
)
def test_other_requests_are_refused(content_type: str, body: bytes, param: str | None) -> None:
    with pytest.raises(RequestRefused) as refusal:
        read_request(content_type, body)
    assert (refusal.value.status, refusal.value.param) == (400, param)


def test_without_a_model_the_server_says_so(model_server: ModelServer) -> None:
    url = f"{model_server.base_url}/audio/transcriptions"
    answer = httpx.post(url, files={"file": ("a.wav", WAV)}, data={"model": "whisper"})
    assert answer.status_code == 404
    assert "TRANSCRIPTION_FOLDER" in answer.json()["error"]["message"]


def test_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="TRANSCRIPTION_FOLDER"):
        Transcriber(tmp_path, name="whisper", threads=1)


def test_model_hears_nothing_in_a_tone() -> None:
    pytest.importorskip("faster_whisper", reason="requirements-transcription.txt")
    if not os.environ.get("TRANSCRIPTION_FOLDER"):
        pytest.skip("TRANSCRIPTION_FOLDER names no model of speech")
    transcriber = Transcriber(Path(os.environ["TRANSCRIPTION_FOLDER"]), name="whisper", threads=2)
    request = read_request(*body_of(file=WAV, model=b"whisper", language=b"fr"))
    answer = orjson.loads(asyncio.run(transcriber.transcribe(request)))
    transcriber.close()
    assert (answer["language"], answer["duration"], answer["segments"]) == ("fr", 1.0, [])
