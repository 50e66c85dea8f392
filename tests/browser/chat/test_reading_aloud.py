"""An answer is read aloud by the voices of the device, in its own language."""

import pytest
from playwright.sync_api import expect

from tests.browser.chat.asking import CHAT, LEAVE, ask, finished
from tests.scripted_llm import stream

pytestmark = pytest.mark.django_db(transaction=True)

# Chromium without a display has no voice. `VOICES` is replaced by a list.
SPEECH = """
window.spoken = [];
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
Object.defineProperty(window, "speechSynthesis", { value: Object.assign(new EventTarget(), {
  getVoices: () => VOICES,
  speak: ({ text, voice }) => spoken.push(`${voice.name}: ${text}`),
  cancel: () => { spoken.length = 0; },
}) });
"""
LOCAL = """[{name: "here", lang: "en-GB", localService: true},
  {name: "away", lang: "fr-FR", localService: false},
  {name: "ici", lang: "fr-FR", localService: true}]"""
REMOTE = '[{name: "away", lang: "fr-FR", localService: false}]'


def test_answer_is_read_by_a_local_voice_of_its_language_until_stopped(library, llm, page_for, axe):
    llm.script(stream("Les doctorants ont vingt-cinq jours de congé par an [1]. C'est un droit."))
    page = page_for(library.teammate, locale="en-GB")
    page.add_init_script(SPEECH.replace("VOICES", LOCAL))
    page.goto(CHAT)
    ask(page, LEAVE)
    answer = finished(page)
    answer.get_by_role("button", name="Read the answer aloud").click()
    spoken = page.evaluate("spoken")
    assert spoken[0].startswith("ici: Les doctorants ont vingt-cinq jours de congé par an")
    assert "1" not in spoken[0]
    assert axe(page) == []
    stop = answer.get_by_role("button", name="Stop reading aloud")
    expect(stop).to_be_focused()
    stop.click()
    assert page.evaluate("spoken") == []
    expect(answer.get_by_role("button", name="Read the answer aloud")).to_be_visible()


def test_answer_is_not_sent_to_voices_of_a_service(library, llm, page_for):
    llm.script(stream("Vingt-cinq jours [1]."))
    page = page_for(library.teammate, locale="en-GB")
    page.add_init_script(SPEECH.replace("VOICES", REMOTE))
    page.goto(CHAT)
    ask(page, LEAVE)
    expect(finished(page).get_by_role("button", name="Copy the answer")).to_be_visible()
    expect(page.get_by_role("button", name="Read the answer aloud")).to_be_hidden()
