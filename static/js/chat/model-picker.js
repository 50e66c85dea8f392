/* <model-picker>: which model answers; remembered for the instance in this browser. */

import { targetOf } from "../shared/event-target.js";

export class ModelPicker extends HTMLElement {
  connectedCallback() {
    this.label = this.querySelector("[data-label]");
    this.options = [...this.querySelectorAll("[data-model]")];
    this.addEventListener("click", (event) => {
      const option = targetOf(event, "[data-model]");
      if (option) this.choose(option.dataset.model);
    });
    const remembered = localStorage.getItem(this.key);
    if (this.options.some((option) => option.dataset.model === remembered)) {
      this.show(remembered);
    }
  }

  get key() {
    return `model:${this.dataset.instance}`;
  }

  /** The id of the model chosen. */
  get value() {
    return this.dataset.value;
  }

  choose(id) {
    localStorage.setItem(this.key, id);
    this.show(id);
  }

  show(id) {
    this.dataset.value = id;
    for (const option of this.options) {
      const chosen = option.dataset.model === id;
      option.setAttribute("aria-pressed", String(chosen));
      if (chosen) this.label.textContent = option.querySelector("[data-name]").textContent;
    }
  }
}

customElements.define("model-picker", ModelPicker);
