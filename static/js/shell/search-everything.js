/* <search-everything>: conversations and documents as one types; arrows move through the results. */
import { moveByArrows } from "../shared/arrow-keys.js";
import { targetOf } from "../shared/event-target.js";
import { getHTML } from "../shared/http.js";
import { showProblem } from "../shared/problem.js";

const PAUSE_MS = 150;

class SearchEverything extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("input");
    this.results = this.querySelector("[data-results]");
    this.problem = this.querySelector("[data-problem]");
    this.field.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.search(), PAUSE_MS);
    });
    this.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.links()[0]?.click();
    });
    this.results.addEventListener("click", (event) => {
      const more = targetOf(event, "[data-limit]");
      if (more) this.showMore(more.dataset.limit);
    });
    this.addEventListener("keydown", (event) => this.pressed(event));
  }

  links() {
    return [...this.results.querySelectorAll("a")];
  }

  /** Lengthen the list, and lead to the first conversation that is new in it. */
  async showMore(limit) {
    const shown = this.results.querySelectorAll(".search-title").length;
    await this.search(limit);
    this.results.querySelectorAll(".search-title").item(shown)?.closest("a").focus();
  }

  async search(limit = "") {
    this.aborter?.abort();
    this.aborter = new AbortController();
    const { signal } = this.aborter;
    const query = new URLSearchParams({ q: this.field.value, limit });
    try {
      this.results.innerHTML = await getHTML(`${this.dataset.url}?${query}`, signal);
      this.problem.hidden = true;
    } catch (error) {
      if (!signal.aborted) showProblem(this.problem, error);
    }
  }

  pressed(event) {
    // A search field would only be emptied.
    if (event.key === "Escape") this.closest("dialog").close();
    moveByArrows(event, [this.field, ...this.links()]);
  }
}

customElements.define("search-everything", SearchEverything);
