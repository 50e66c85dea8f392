"""Limits of recordings and of what servers answer about them."""

from io import BytesIO

import pytest

from inference.errors import ProtocolError
from inference.llm import wire
from inference.llm.backend import ChatBackend
from inference.transcription.client import Speech, transcribe
from ingestion.errors import RecordingTooLong
from ingestion.parsing import media_types as types
from ingestion.parsing.recordings import decoding
from ingestion.transcription import transcribing
from instances.models import Sensitivity
from tests.ingestion.transcription.scripted_speech import Answer, ScriptedSpeech
from tests.ingestion.transcription.sound_writer import recording, tone


@pytest.mark.parametrize("status", [200, 400])
def test_answer_without_end_is_not_read_whole(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setattr(wire, "MAX_ANSWER_BYTES", 1000)
    speech = Speech(tone(1).tobytes(), Sensitivity.PUBLIC)
    with ScriptedSpeech() as server:
        server.script(Answer({"text": "a" * 2000}, status))
        backend = ChatBackend(
            base_url=server.base_url, model="whisper", clearance=Sensitivity.PUBLIC
        )
        with pytest.raises(ProtocolError, match="more than 1000 bytes"):
            transcribe(backend, speech, is_cancelled=lambda: False)


@pytest.mark.parametrize("start_ms", [0, 3001], ids=["by its header", "by what was decoded"])
def test_recording_of_more_than_a_day_is_refused(
    monkeypatch: pytest.MonkeyPatch, start_ms: int
) -> None:
    assert decoding.LONGEST_MS == 24 * 3600 * 1000
    monkeypatch.setattr(decoding, "LONGEST_MS", 3000)
    file = BytesIO(recording(tone(5 if not start_ms else 2), "lecture.flac"))
    with pytest.raises(RecordingTooLong):
        decoding.decode_part(file, media_type=types.FLAC, start_ms=start_ms)


@pytest.mark.parametrize(("opening_s", "turn_s"), [(0.01, 10), (20, 80), (600, 300)])
def test_turn_is_longer_where_opening_the_file_takes_long(opening_s: float, turn_s: float) -> None:
    assert transcribing.turn_s(opening_s) == turn_s
