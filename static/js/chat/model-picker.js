/*
 * <model-picker>: which model answers; the server remembers it for the conversation. Its event
 * "model-chosen" carries the id of the model.
 */

import { targetOf } from "../shared/event-target.js";

export class ModelPicker extends HTMLElement {
  connectedCallback() {
    this.label = this.querySelector("[data-label]");
    this.options = [...this.querySelectorAll("[data-model]")];
    this.addEventListener("click", (event) => {
      const option = targetOf(event, "[data-model]");
      if (option) this.show(option.dataset.model);
    });
  }

  /** The id of the model chosen. */
  get value() {
    return this.dataset.value;
  }

  show(id) {
    this.dataset.value = id;
    for (const option of this.options) {
      const chosen = option.dataset.model === id;
      option.setAttribute("aria-pressed", String(chosen));
      if (chosen) this.label.textContent = option.querySelector("[data-name]").textContent;
    }
    this.dispatchEvent(new CustomEvent("model-chosen", { bubbles: true, detail: { id } }));
  }
}

customElements.define("model-picker", ModelPicker);
