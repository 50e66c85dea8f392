/* <copy-text>: a text shown once, and a button that copies it. */

import { copy } from "./clipboard.js";

const SHOWN_MS = 2000;

class CopyText extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    this.label = this.querySelector("[data-label]");
    this.name = this.label.textContent;
    this.button.addEventListener("click", () => this.copy());
  }

  async copy() {
    const text = this.querySelector("[data-text]");
    if (!(await copy(text.textContent))) {
      // Selected, for the person to copy.
      getSelection().selectAllChildren(text);
      return;
    }
    this.label.textContent = this.button.dataset.copied;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.label.textContent = this.name), SHOWN_MS);
  }
}

customElements.define("copy-text", CopyText);
