/* <institution-search>: institutions as one types; arrows move through them, Enter takes the only one. */

import { queryOf } from "../forms/query.js";
import { moveByArrows } from "../shared/arrow-keys.js";
import { getHTML } from "../shared/http.js";

const PAUSE_MS = 150;

class InstitutionSearch extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.field = this.querySelector("input[type=search]");
    this.status = this.querySelector("[role=status]");
    this.results = this.querySelector("#institutions");
    this.field.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.search(), PAUSE_MS);
    });
    this.form.addEventListener("submit", (event) => this.submitted(event));
    this.addEventListener("keydown", (event) => moveByArrows(event, [this.field, ...this.links()]));
    this.querySelector("button").hidden = true;
  }

  links() {
    return [...this.results.querySelectorAll("a")];
  }

  /** Show what is found for what stands in the field; false when another search began meanwhile. */
  async search() {
    clearTimeout(this.timer);
    this.aborter?.abort();
    this.aborter = new AbortController();
    const { signal } = this.aborter;
    const query = queryOf(this.form);
    try {
      const html = await getHTML(`${this.dataset.url}?${query}`, signal);
      if (signal.aborted) return false;
      this.results.innerHTML = html;
    } catch {
      // Without an answer the page itself is asked, which says what is wrong.
      if (!signal.aborted) this.form.submit();
      return false;
    }
    this.status.textContent = this.results.querySelector("[data-summary]").textContent;
    return true;
  }

  async submitted(event) {
    event.preventDefault();
    if (!(await this.search())) return;
    const links = this.links();
    if (links.length === 1) links[0].click();
  }
}

customElements.define("institution-search", InstitutionSearch);
