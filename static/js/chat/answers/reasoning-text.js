/* The reasoning of a model, in Markdown as its answer, drawn once its block of details is open. */
import { markdown } from "./answer-text.js";
import { codeBar } from "./code-bar.js";

export class ReasoningText {
  /** @type {import("../../markdown/markdown-view.js").MarkdownView} */
  view;

  /** @param {HTMLDetailsElement} details */
  constructor(details) {
    this.details = details;
    this.root = details.querySelector("[data-reasoning-text]");
    this.text = "";
    this.isFinal = false;
    details.addEventListener("toggle", () => this.draw());
  }

  /** Show `text`; `final` once nothing more will come. */
  update(text, { final }) {
    this.details.hidden = !text;
    this.text = text;
    this.isFinal = final;
    this.draw();
  }

  async draw() {
    if (!this.details.open) return;
    const { MarkdownView } = await markdown;
    this.root.classList.add("prose");
    this.view ??= new MarkdownView(this.root, { codeBar });
    this.view.update(this.text, { final: this.isFinal });
  }
}
