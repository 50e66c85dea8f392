/*
 * <read-aloud>: reads an answer by a voice of this device, in the language of the answer. Voices of a
 * service on the Internet are not used: the answer would be sent there. Hidden without a voice.
 */
import { language as pageLanguage, t } from "../../shared/strings.js";
import { languageOf, spokenParts, spokenText } from "./spoken-text.js";

const synthesis = window.speechSynthesis;

class ReadAloud extends HTMLElement {
  connectedCallback() {
    if (!synthesis) return;
    this.button = this.querySelector("button");
    this.button.addEventListener("click", () => (this.reading ? this.stop() : this.read()));
    this.onVoices = () => {
      this.hidden = !localVoices().length;
    };
    this.onVoices();
    synthesis.addEventListener("voiceschanged", this.onVoices);
  }

  disconnectedCallback() {
    synthesis?.removeEventListener("voiceschanged", this.onVoices);
    if (this.reading) this.stop();
  }

  read() {
    // One answer at a time: what another one reads ends, and its button with it.
    synthesis.cancel();
    const text = spokenText(this.closest("chat-answer").querySelector("[data-content]"));
    const language = languageOf(text, pageLanguage);
    const voices = localVoices();
    const voice = voices.find(({ lang }) => lang.toLowerCase().startsWith(language)) ?? voices[0];
    const parts = spokenParts(text, language);
    for (const [place, part] of parts.entries()) {
      const utterance = new SpeechSynthesisUtterance(part);
      Object.assign(utterance, { voice, lang: voice.lang });
      utterance.onend = () => place === parts.length - 1 && this.show(false);
      // Also when another answer takes over.
      utterance.onerror = () => this.show(false);
      synthesis.speak(utterance);
    }
    this.show(parts.length > 0);
  }

  stop() {
    synthesis.cancel();
    this.show(false);
  }

  show(reading) {
    this.reading = reading;
    const label = t(reading ? "stopReading" : "readAloud");
    this.button.title = label;
    this.button.setAttribute("aria-label", label);
    for (const icon of this.querySelectorAll("[data-icon]")) {
      icon.hidden = (icon.dataset.icon === "stop") !== reading;
    }
  }
}

function localVoices() {
  return synthesis.getVoices().filter(({ localService }) => localService);
}

// Browsers go on reading when the page is left.
window.addEventListener("pagehide", () => synthesis?.cancel());

customElements.define("read-aloud", ReadAloud);
