/* The text of an answer: as the model wrote it, until what draws Markdown is here. */
import { markCitations } from "./citation-marks.js";
import { codeBar } from "./code-bar.js";
import { markDoubts, withMarks } from "./doubts.js";

/** More than half of the page's code, so it is loaded apart. */
export const markdown = import("../../markdown/markdown-view.js");

export class AnswerText {
  /**
   * @param {HTMLElement} root
   * @param {import("./chat-answer.js").ChatAnswer} answer draws itself again once there is Markdown
   */
  constructor(root, answer) {
    this.root = root;
    this.answer = answer;
    markdown.then(({ MarkdownView }) => {
      root.replaceChildren();
      this.view = new MarkdownView(root, {
        decorate: (block) => {
          markCitations(block, answer.numbered());
          markDoubts(block, this.doubts);
        },
        codeBar,
      });
      answer.draw();
    });
  }

  /** The sentences that no passage supports. */
  get doubts() {
    return this.answer.data.verification?.sentences ?? [];
  }

  /** Show `text`; `final` once nothing more will come. */
  update(text, { final }) {
    if (this.view) {
      this.view.update(withMarks(text, this.doubts), { final });
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
