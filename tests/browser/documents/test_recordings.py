"""A recording in a browser: dropped, transcribed, asked about; its citation plays the second."""

import re
from io import BytesIO

import pytest
from playwright.sync_api import expect

from ingestion import uploads
from ingestion.attempts.locking import Attempt
from ingestion.models import Document
from ingestion.pipeline import run_stage
from ingestion.transcription import transcribing
from instances.tenancy import tenant
from tests.browser.chat.asking import CHAT, ask, finished
from tests.browser.documents.listing import LIST, rows
from tests.ingestion.transcription.sound_writer import recording, tone
from tests.scripted_llm import stream

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def stage(instance) -> str | None:
    """Do a worker's next turn at the recording."""
    with tenant(instance):
        document = Document.objects.for_instance(instance).get(name="conseil.wav")
    return run_stage(Attempt.of(document))


def test_recording_is_dropped_transcribed_and_its_citation_plays_the_second(
    library, llm, speech, page_for, axe, tmp_path, monkeypatch
):
    monkeypatch.setattr(transcribing, "TURN_S", 0.0)
    file = tmp_path / "conseil.wav"
    file.write_bytes(recording(tone(150)))
    page = page_for(library.owner)
    page.goto(LIST)
    page.locator('[data-input="files"]').set_input_files([file])
    row = rows(page).filter(has_text="conseil.wav")
    expect(row).to_contain_text("Waiting its turn")
    assert stage(library.instance) == "parsing"
    expect(row).to_contain_text(re.compile(r"Transcription: 0:0[12]:\d\d of 0:02:30"))
    for expected in ("embedding", "ready"):
        assert stage(library.instance) == expected
    expect(row).to_contain_text("Ready")

    llm.script(stream("Quarante jours ouvrés sont accordés à chaque enseignant par année [1]."))
    page.goto(CHAT)
    ask(page, "Combien de jours ouvrés sont accordés à chaque enseignant ?")
    finished(page).locator(".cite").first.click()
    panel = page.locator("citation-panel dialog")
    player = panel.locator("recording-player")
    start = int(player.get_attribute("start") or 0)
    assert start % 40 == 10  # every fourth sentence, each of ten seconds
    sound = player.locator("audio")
    expect(sound).to_have_attribute("src", re.compile(rf"/file#t={start}$"))
    player.get_by_role("button", name=re.compile("Listen from 0:0")).click()
    page.wait_for_function(
        "start => { const sound = document.querySelector('citation-panel audio');"
        " return !sound.paused && sound.currentTime > start && sound.currentTime < start + 9; }",
        arg=start,
    )
    expect(player.locator("[data-caption]")).to_contain_text("Quarante jours ouvrés")
    assert axe(page) == []

    panel.get_by_role("link", name="Open the document").click()
    viewer = page.locator("document-viewer")
    # A page of a recording is some minutes; it plays from its beginning.
    expect(viewer.locator("recording-player")).to_have_attribute("start", "0")
    viewer.get_by_role("link", name="Next").click()
    expect(viewer.locator("[data-start]")).to_have_text(re.compile(r"0:0\d:\d\d"))
    assert axe(page) == []


def test_file_that_the_browser_cannot_play_is_said(library, speech, page_for):
    with tenant(library.instance):
        document, _created = uploads.store_upload(
            instance=library.instance,
            user=library.owner,
            name="conseil.wav",
            content=BytesIO(recording(tone(12))),
        )
    while stage(library.instance) != "ready":
        pass
    with document.file.storage.open(document.file.name, "wb") as content:
        content.write(b"RIFF" + b"\0" * 3000)
    page = page_for(library.owner)
    page.goto(f"{LIST}{document.pk}/")
    expect(page.locator("[data-failed]")).to_contain_text("cannot play")
    expect(page.locator("[data-play]")).to_be_hidden()
