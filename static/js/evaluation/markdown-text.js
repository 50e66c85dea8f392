/*
 * Text in Markdown, drawn as conversations draw it, once its block of details is open.
 *
 * What draws Markdown is loaded then; until it is here, the text is shown as it was written.
 */

/** What stands above a block of code: its language. */
function codeBar(_code, language) {
  const bar = document.createElement("div");
  bar.className = "code-bar";
  bar.textContent = language;
  return bar;
}

class MarkdownText extends HTMLElement {
  connectedCallback() {
    const details = this.closest("details");
    if (!details || details.open) this.draw();
    else details.addEventListener("toggle", () => this.draw(), { once: true });
  }

  async draw() {
    const { MarkdownView } = await import("../markdown/markdown-view.js");
    const text = this.textContent;
    this.replaceChildren();
    this.className = "prose";
    new MarkdownView(this, { codeBar }).update(text);
  }
}

customElements.define("markdown-text", MarkdownText);
