/* The text of an answer: as the model wrote it, until what draws Markdown is here. */
import { markCitations } from "./citation-marks.js";
import { codeBar } from "./code-bar.js";

/** More than half of the page's code, so it is loaded apart. */
export const markdown = import("../../markdown/markdown-view.js");

export class AnswerText {
  /**
   * @param {HTMLElement} root
   * @param {() => Map<number, object>} numbered the citations by number
   * @param {() => void} draw has `update` called again, once there is Markdown
   */
  constructor(root, numbered, draw) {
    this.root = root;
    markdown.then(({ MarkdownView }) => {
      root.replaceChildren();
      this.view = new MarkdownView(root, {
        decorate: (block) => markCitations(block, numbered()),
        codeBar,
      });
      draw();
    });
  }

  /** Show `text`; `final` once nothing more will come. */
  update(text, { final }) {
    if (this.view) {
      this.view.update(text, { final });
      return;
    }
    const raw = document.createElement("div");
    raw.className = "prose-raw";
    raw.textContent = text;
    this.root.replaceChildren(raw);
  }

  /** Have the next update build every block anew. */
  redraw() {
    this.view?.redraw();
  }
}
