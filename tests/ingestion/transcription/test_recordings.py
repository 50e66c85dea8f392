"""Recordings from their upload to the moment that a citation plays."""

from threading import Event
from typing import Any

import pytest

from inference.catalogue import offered_models, transcribers
from ingestion import uploads
from ingestion.models import Chunk, DocumentPage, TranscribedPart
from ingestion.transcription import transcribing
from ingestion.transcription.parts import transcript_of
from ingestion.transcription.playing import player_of
from instances.models import Sensitivity
from instances.tenancy import tenant
from retrieval.search import search
from tests.cast import Cast
from tests.inference.factories import LanguageModelFactory
from tests.ingestion.stages import Add, change, ingest, refreshed, run_stage
from tests.ingestion.transcription.scripted_speech import (
    SENTENCES,
    Answer,
    ScriptedSpeech,
    segments,
)
from tests.ingestion.transcription.sound_writer import KINDS, film_without_sound, recording, tone
from usage.models import UsageRecord

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]


@pytest.mark.parametrize("name", KINDS)
def test_recording_is_transcribed_and_found(
    add: Add, embeddings: None, speech: ScriptedSpeech, name: str
) -> None:
    document = add(name, recording(tone(25), name))
    assert ingest(document) == "ready"
    ready = refreshed(document)
    assert (ready.unit, ready.language, ready.warnings) == ("section", "fr", [])
    assert (ready.duration_s, ready.transcribed_s) == (pytest.approx(25, abs=1),) * 2
    (heard,) = speech.requests
    assert heard.seconds == pytest.approx(25, abs=0.2)
    assert heard.authorization == "Bearer secret"
    assert heard.fields["model"] == "whisper"
    assert heard.fields["response_format"] == "verbose_json"
    with tenant(ready.instance_id):
        record = UsageRecord.objects.get(kind="transcription")
        assert (record.method, record.water_l) == ("unknown", None)
        found = search(
            instance=ready.instance,
            query="Combien de jours de congé ?",
            top_k=1,
            sensitivity=Sensitivity.INTERNAL,
        )
        assert SENTENCES[1] in found.chunks[0].text
        assert found.chunks[0].page_label == "0:00:00"
        player = player_of(ready, 1, quote=SENTENCES[1])
        assert player is not None
        assert (player.start_s, player.start) == (10, "0:00:10")
        beginning = player_of(ready, 1, quote="not said")
        assert beginning is not None
        assert beginning.start_s == 0


def test_long_recording_is_cut_where_nobody_speaks(
    add: Add, embeddings: None, speech: ScriptedSpeech
) -> None:
    sound = tone(250, silences=[(105, 106), (215, 216)])
    document = add("conseil.flac", recording(sound, "lecture.flac", title="Conseil de mai"))
    assert ingest(document) == "ready"
    ends = [heard.seconds for heard in speech.requests]
    assert ends == pytest.approx([105.5, 110, 34.5], abs=0.5)
    # The language of the beginning is that of the rest.
    assert [heard.fields.get("language") for heard in speech.requests] == [None, "fr", "fr"]
    ready = refreshed(document)
    assert (ready.title, ready.duration_s) == ("Conseil de mai", 250)
    with tenant(ready.instance_id):
        labels = list(DocumentPage.objects.order_by("number").values_list("label", flat=True))
        said = transcript_of(ready).said
        records = list(UsageRecord.objects.filter(kind="transcription"))
    assert labels[:2] == ["0:00:00", "0:01:00"]
    assert [one.start_ms // 1000 for one in said][10:12] == pytest.approx([105, 115], abs=1)
    assert sum(record.audio_seconds for record in records) == pytest.approx(250, abs=0.1)


def test_each_part_is_kept_and_heard_once(
    add: Add, embeddings: None, speech: ScriptedSpeech, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcribing, "TURN_S", 0.0)  # a turn is one part
    document = add("conseil.wav", recording(tone(250)))
    assert run_stage(document) == "parsing"
    after_one = refreshed(document)
    assert 85 <= after_one.transcribed_s <= 120
    assert after_one.duration_s == 250
    assert after_one.worker_seen_at is None
    # The worker was killed: another attempt goes on after the part that is kept.
    change(document, attempt=2, worker_seen_at=None)
    again = refreshed(document)
    assert ingest(again) == "ready"
    assert sum(heard.seconds for heard in speech.requests) == pytest.approx(250, abs=0.1)
    with tenant(again.instance_id):
        assert TranscribedPart.objects.count() == len(speech.requests)
        # Read again by the same model: nothing is sent again.
        uploads.reindex([refreshed(again)])
    n_requests = len(speech.requests)
    assert ingest(refreshed(again)) == "ready"
    assert len(speech.requests) == n_requests


def test_parts_by_a_model_that_is_no_longer_used_are_heard_again(
    add: Add, embeddings: None, speech: ScriptedSpeech, settings: Any
) -> None:
    document = add("note.wav", recording(tone(12)))
    assert ingest(document) == "ready"
    settings.TRANSCRIPTION_MODEL = "better"
    with tenant(document.instance_id):
        uploads.reindex([refreshed(document)])
    speech.script(Answer(segments("Une phrase mieux entendue.")))
    assert ingest(refreshed(document)) == "ready"
    with tenant(document.instance_id):
        assert Chunk.objects.get().text == "Une phrase mieux entendue."


def test_poor_recording_is_told(add: Add, embeddings: None, speech: ScriptedSpeech) -> None:
    clear = segments("Tout est clair.", each=5.0)
    poor = segments("Rien est sûr.", start=70.0, avg_logprob=-1.2)
    noise = segments("Sous-titrage.", start=80.0, avg_logprob=-1.4, no_speech_prob=0.9)
    clear["segments"] += poor["segments"] + noise["segments"]
    speech.script(Answer(clear))
    document = add("note.wav", recording(tone(85)))
    assert ingest(document) == "ready"
    ready = refreshed(document)
    assert ready.warnings == [{"code": "poor_recording", "details": ["0:01:00"]}]
    with tenant(ready.instance_id):
        assert "Sous-titrage" not in transcript_of(ready).as_vtt()


def test_without_a_model_the_reason_is_told(add: Add) -> None:
    document = add("note.wav", recording(tone(3)))
    assert ingest(document) == "failed"
    assert refreshed(document).error_code == "no_transcriber"


def test_film_without_sound_and_silence_are_told(add: Add, speech: ScriptedSpeech) -> None:
    silent = add("silence.wav", recording(tone(5, silences=[(0, 5)])))
    assert ingest(silent) == "failed"
    film = add("film.mp4", film_without_sound())
    assert ingest(film) == "failed"
    assert [refreshed(one).error_code for one in (silent, film)] == ["no_speech", "no_sound"]
    assert speech.requests == []


def test_recording_never_reaches_a_server_below_its_level(
    add: Add, cast: Cast, speech: ScriptedSpeech, settings: Any
) -> None:
    settings.TRANSCRIPTION_SENSITIVITY = "public"
    document = add("note.wav", recording(tone(3)))
    assert ingest(document) == "failed"
    assert refreshed(document).error_code == "recording_not_cleared"
    assert speech.requests == []


def test_another_model_replaces_one_that_fails(
    add: Add, cast: Cast, embeddings: None, speech: ScriptedSpeech
) -> None:
    with ScriptedSpeech() as other:
        LanguageModelFactory(
            alias="parole", server_id="large", transcribes=True, backend__base_url=other.base_url
        )
        speech.script(Answer({"detail": "down"}, 500))
        document = add("note.wav", recording(tone(3)))
        assert ingest(document) == "ready"
        assert [heard.fields["model"] for heard in other.requests] == ["large"]
    with tenant(document.instance_id):
        record = UsageRecord.objects.get(kind="transcription")
        assert TranscribedPart.objects.get().model == record.model == "parole"
    assert record.audio_seconds == pytest.approx(3, abs=0.1)


def test_models_that_transcribe_answer_no_questions(cast: Cast, speech: ScriptedSpeech) -> None:
    LanguageModelFactory(alias="site", transcribes=True)
    owner = cast.instance.organisation
    LanguageModelFactory(alias="own", transcribes=True, backend__owner=owner)
    assert [model.id for model in transcribers(cast.instance)] == ["own", "whisper", "site"]
    assert [model.id for model in offered_models(cast.instance)] == ["extractive"]


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        [],
        {"segments": [{"start": "x", "end": 1, "text": "a"}]},
        {"segments": [{"start": float("nan"), "end": 1, "text": "a"}]},
        {"language": "fr"},
    ],
    ids=["html", "list", "no number", "nan", "no text"],
)
def test_answer_that_is_none_is_tried_again_later(
    add: Add, speech: ScriptedSpeech, body: Any
) -> None:
    speech.script(Answer(body))
    document = add("note.wav", recording(tone(3)))
    with pytest.raises(Exception, match="transcription"):
        ingest(document)
    assert refreshed(document).status == "parsing"


def test_server_without_segments_gives_one_passage(
    add: Add, embeddings: None, speech: ScriptedSpeech
) -> None:
    speech.script(Answer({"text": "Une seule phrase."}))
    document = add("note.wav", recording(tone(3)))
    assert ingest(document) == "ready"
    with tenant(document.instance_id):
        assert Chunk.objects.get().text == "Une seule phrase."


def test_cancelled_recording_ends_its_request(
    add: Add, speech: ScriptedSpeech, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Event()
    speech.script(Answer({"text": "trop tard"}, held=held))
    document = add("note.wav", recording(tone(3)))
    with tenant(document.instance_id):
        uploads.cancel(document)
    cancelled = Event()
    cancelled.set()
    with pytest.raises(Exception, match="transcribed"):
        transcribing.transcribe_recording(
            transcribing.Attempt.of(refreshed(document)), document, cancelled
        )
    held.set()
