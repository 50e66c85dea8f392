/* <document-restriction>: the documents that a question keeps to; none means all of them. */
import { targetOf } from "../shared/event-target.js";
import { getJSON } from "../shared/http.js";
import { t } from "../shared/strings.js";

const PAUSE_MS = 150;

export class DocumentRestriction extends HTMLElement {
  /** @type {HTMLInputElement} */
  field;

  connectedCallback() {
    /** What is chosen, as [{id, name}]. */
    this.chosen = JSON.parse(this.dataset.chosen || "[]");
    this.chips = this.querySelector("[data-chips]");
    this.results = this.querySelector("[data-results]");
    this.field = this.querySelector("input[type=search]");
    this.field.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.search(), PAUSE_MS);
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
    this.querySelector("[popover]").addEventListener("toggle", (event) => {
      if (event.newState === "open") this.search();
    });
    this.results.addEventListener("change", ({ target }) => this.changed(target));
    this.chips.addEventListener("click", (event) => {
      const chip = targetOf(event, "[data-id]");
      if (chip) this.remove(chip.dataset.id);
    });
    this.draw();
  }

  async search() {
    this.aborter?.abort();
    this.aborter = new AbortController();
    const url = `${this.dataset.url}?${new URLSearchParams({ q: this.field.value })}`;
    let found;
    try {
      found = await getJSON(url, this.aborter.signal);
    } catch (error) {
      if (!this.aborter.signal.aborted) this.say(error.message || t("offline"));
      return;
    }
    if (!found.documents.length) this.say(t(this.field.value ? "noDocumentFound" : "noDocument"));
    else this.results.replaceChildren(...found.documents.map((one) => this.option(one)));
  }

  say(message) {
    const line = document.createElement("p");
    line.className = "menu-label";
    line.textContent = message;
    this.results.replaceChildren(line);
  }

  option({ id, name }) {
    const label = document.createElement("label");
    label.className = "menu-item";
    const box = document.createElement("input");
    box.type = "checkbox";
    box.value = id;
    box.dataset.name = name;
    box.checked = this.chosen.some((one) => one.id === id);
    const text = document.createElement("span");
    text.className = "restriction-name";
    text.dir = "auto";
    text.textContent = name;
    label.append(box, text);
    return label;
  }

  changed(box) {
    if (box.checked) this.chosen.push({ id: box.value, name: box.dataset.name });
    else this.chosen = this.chosen.filter(({ id }) => id !== box.value);
    this.draw();
  }

  remove(id) {
    this.chosen = this.chosen.filter((one) => one.id !== id);
    this.draw();
    this.querySelector("[popovertarget]").focus();
  }

  draw() {
    this.chips.hidden = !this.chosen.length;
    this.chips.replaceChildren(...this.chosen.map((one) => this.chip(one)));
  }

  chip({ id, name }) {
    const chip = document
      .importNode(this.querySelector("template").content, true)
      .querySelector("li");
    const button = chip.querySelector("button");
    button.dataset.id = id;
    button.setAttribute("aria-label", t("removeDocument", { name }));
    chip.querySelector("span").textContent = name;
    return chip;
  }
}

customElements.define("document-restriction", DocumentRestriction);
