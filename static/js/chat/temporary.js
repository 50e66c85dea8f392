/*
 * A temporary conversation: chosen on the welcome, said in the header and above the composer. The
 * server is told when its page is left, so that it is erased soon, and when it is shown again.
 */
import { csrfToken } from "../shared/http.js";

export class Temporary {
  /** @param {HTMLElement} app <chat-app>, whose data-temporary says it */
  constructor(app) {
    this.app = app;
    /** @type {HTMLFormElement} */
    this.end = document.querySelector("[data-temporary-end]");
    /** @type {HTMLElement} */
    this.note = app.querySelector("[data-temporary-note]");
    /** @type {HTMLInputElement | null} */
    const choice = app.querySelector("[data-temporary-choice]");
    choice?.addEventListener("change", () => {
      this.isChosen = choice.checked;
    });
    window.addEventListener("pagehide", () => this.tell(true));
    window.addEventListener("pageshow", () => this.tell(false));
  }

  get isChosen() {
    return "temporary" in this.app.dataset;
  }

  set isChosen(chosen) {
    this.app.toggleAttribute("data-temporary", chosen);
    this.end.hidden = !chosen;
    this.note.hidden = !chosen;
  }

  /** It has begun, at `url`, and can be erased. */
  begin(url) {
    this.end.action = `${url}delete/`;
    this.end.querySelector("button").hidden = false;
  }

  /** Tell the server that the page is left, or shown; a beacon survives the page. */
  tell(left) {
    const { conversation, base } = this.app.dataset;
    if (!this.isChosen || !conversation) return;
    const form = new FormData();
    form.append("csrfmiddlewaretoken", csrfToken());
    if (left) form.append("left", "true");
    navigator.sendBeacon(`${base}c/${conversation}/presence/`, form);
  }
}
