/* <search-everything>: conversations and documents as one types; arrows move through the results. */
import { getHTML } from "../shared/http.js";

const PAUSE_MS = 150;

class SearchEverything extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("input");
    this.results = this.querySelector("[data-results]");
    this.field.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.search(), PAUSE_MS);
    });
    this.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.links()[0]?.click();
    });
    this.addEventListener("keydown", (event) => this.pressed(event));
  }

  links() {
    return [...this.results.querySelectorAll("a")];
  }

  async search() {
    this.aborter?.abort();
    this.aborter = new AbortController();
    const { signal } = this.aborter;
    const query = new URLSearchParams({ q: this.field.value });
    try {
      this.results.innerHTML = await getHTML(`${this.dataset.url}?${query}`, signal);
    } catch (error) {
      if (error.status) throw error;
    }
  }

  pressed(event) {
    // A search field would only be emptied.
    if (event.key === "Escape") this.closest("dialog").close();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    /** @type {HTMLElement[]} */
    const stops = [this.field, ...this.links()];
    const now = stops.indexOf(document.activeElement);
    stops.at((now + step) % stops.length)?.focus();
  }
}

customElements.define("search-everything", SearchEverything);
