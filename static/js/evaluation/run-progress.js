/* The progress of a run of golden questions: polled, as a run lasts minutes and few people watch. */
import { getJSON } from "../shared/http.js";
import { pageProblem, reporting } from "../shared/problem.js";

const EVERY_MS = 2000;

class RunProgress extends HTMLElement {
  connectedCallback() {
    this.timer = window.setTimeout(() => this.poll(), EVERY_MS);
  }

  disconnectedCallback() {
    window.clearTimeout(this.timer);
  }

  async poll() {
    const run = await reporting(pageProblem(), () => getJSON(this.dataset.url));
    if (run && !run.is_unfinished) {
      window.location.reload();
      return;
    }
    if (run) {
      const bar = this.querySelector("progress");
      bar.max = Math.max(run.total, 1);
      bar.value = run.asked;
      this.querySelector("[data-asked]").textContent = String(run.asked);
    }
    // Asked again after a failure, too: the run continues without this page.
    this.timer = window.setTimeout(() => this.poll(), EVERY_MS);
  }
}

customElements.define("run-progress", RunProgress);
