/* The progress of a run of golden questions: polled, as a run lasts minutes and few people watch. */
import { getJSON, RequestError } from "../shared/http.js";

const EVERY_MS = 2000;

class RunProgress extends HTMLElement {
  connectedCallback() {
    this.timer = window.setTimeout(() => this.poll(), EVERY_MS);
  }

  disconnectedCallback() {
    window.clearTimeout(this.timer);
  }

  async poll() {
    try {
      const { asked, total, is_unfinished: unfinished } = await getJSON(this.dataset.url);
      if (!unfinished) {
        window.location.reload();
        return;
      }
      const bar = this.querySelector("progress");
      bar.max = Math.max(total, 1);
      bar.value = asked;
      this.querySelector("[data-asked]").textContent = String(asked);
    } catch (error) {
      // Tried again: the run continues without this page.
      if (!(error instanceof RequestError)) throw error;
    }
    this.timer = window.setTimeout(() => this.poll(), EVERY_MS);
  }
}

customElements.define("run-progress", RunProgress);
