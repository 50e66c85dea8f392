/*
 * Markdown from a model, or from a document, to safe HTML.
 *
 * Raw HTML is shown as text; nothing is ever loaded: an image becomes a link to it. Links keep to
 * http, https and mailto, open apart, and say which site they lead to. While text streams in, only
 * the blocks that changed are drawn again.
 */
import DOMPurify from "dompurify";
import { Marked } from "marked";
import { highlightWithin } from "./code.js";
import { heal } from "./healing.js";
import { removeMisleadingCharacters, showWhereLinksGo } from "./links.js";
import { mathExtensions, renderMathWithin } from "./math.js";

const SAFE = {
  ALLOWED_TAGS: [
    "p",
    "br",
    "hr",
    "strong",
    "em",
    "del",
    "blockquote",
    "ul",
    "ol",
    "li",
    "input",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "pre",
    "code",
    "a",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
  ],
  ALLOWED_ATTR: ["href", "title", "class", "start", "align", "type", "checked", "disabled"],
  ADD_URI_SAFE_ATTR: ["align", "start", "type", "checked", "disabled"],
  ALLOWED_URI_REGEXP: /^(?:https?:\/\/|mailto:)/i,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};
const OUR_CLASSES = /^(?:language-[\w+#-]+|math-inline|math-block)$/;
// The page has its own h1 and h2.
const FIRST_HEADING = 3;
const BLOCKS = "p, ul, ol, pre, blockquote, table, div";
// Before these, French has a space: the line does not break there.
const SPACE_BEFORE_MARK = /[ \n](?=[;:!?»](?:\s|$))/g;

function escapeHtml(text) {
  const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (character) => entities[character]);
}

const marked = new Marked({
  gfm: true,
  breaks: true,
  extensions: mathExtensions(escapeHtml),
  tokenizer: {
    // "[1]: …" is a citation at the start of a line, not the definition of a link.
    def: () => undefined,
  },
  renderer: {
    html: ({ text }) => escapeHtml(text),
    image: ({ href, text }) => `<a href="${escapeHtml(href)}">${escapeHtml(text || href)}</a>`,
    heading({ tokens, depth, text }) {
      if (!text.trim()) return "";
      return `<h${depth}>${this.parser.parseInline(tokens)}</h${depth}>\n`;
    },
  },
});

/** Give each heading the level that follows: models begin with any, and skip some. */
function setHeadingLevels(tokens) {
  const depths = [];
  marked.walkTokens(tokens, (token) => {
    if (token.type !== "heading" || !token.text.trim()) return;
    while (depths.at(-1) >= token.depth) depths.pop();
    depths.push(token.depth);
    token.depth = Math.min(6, FIRST_HEADING + depths.length - 1);
  });
}

/** Make the text of a task the label of its box. */
function labelTask(input) {
  const label = document.createElement("label");
  input.before(label);
  label.append(input);
  while (label.nextSibling && !isBlock(label.nextSibling)) label.append(label.nextSibling);
  if (!label.textContent.trim()) label.remove();
}

function isBlock(node) {
  return node instanceof Element && node.matches(BLOCKS);
}

function keepPunctuationTogether(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = /** @type {Text} */ (walker.currentNode);
    if (node.parentElement?.closest("code")) continue;
    const kept = node.data.replace(SPACE_BEFORE_MARK, "\u00a0");
    if (kept !== node.data) node.data = kept;
  }
}

function tidy(root) {
  for (const element of root.querySelectorAll("[class]")) {
    if (!OUR_CLASSES.test(element.className)) element.removeAttribute("class");
  }
  for (const input of root.querySelectorAll("input")) {
    if (input.type !== "checkbox") input.remove();
    else input.disabled = true;
  }
  for (const input of root.querySelectorAll("input")) labelTask(input);
  for (const heading of root.querySelectorAll("th")) {
    // An empty one heads nothing.
    if (!heading.textContent.trim()) heading.replaceWith(document.createElement("td"));
  }
  for (const table of root.querySelectorAll("table")) {
    const frame = document.createElement("div");
    frame.className = "prose-table";
    frame.tabIndex = 0;
    table.replaceWith(frame);
    frame.append(table);
  }
}

function renderBlock(token) {
  const fragment = DOMPurify.sanitize(marked.parser([token]), SAFE);
  tidy(fragment);
  removeMisleadingCharacters(fragment);
  keepPunctuationTogether(fragment);
  showWhereLinksGo(fragment);
  return fragment;
}

/**
 * Keeps `root` equal to a Markdown text that grows; `decorate(block)` runs on each new block, and
 * `codeBar(code, language)` is what stands above a block of code. They are given, not imported: the
 * page loads this file apart, and what it shared with the page's own script would be a third file.
 */
export class MarkdownView {
  constructor(root, { decorate = (/** @type {HTMLElement} */ _block) => {}, codeBar }) {
    this.root = root;
    this.decorate = decorate;
    this.codeBar = codeBar;
    this.sources = [];
  }

  /** Show `text`; `final` once nothing more will come, which also colours its code. */
  update(text, { final = true } = {}) {
    const whole = final ? text : heal(text);
    const tokens = marked.lexer(whole).filter((token) => token.type !== "space");
    setHeadingLevels(tokens);
    let same = 0;
    while (same < tokens.length && tokens[same].raw === this.sources[same]) same += 1;
    while (this.root.children.length > same) this.root.lastElementChild.remove();
    for (const token of tokens.slice(same)) this.root.append(this.block(token));
    this.sources = tokens.map((token) => token.raw);
    const settled = final ? tokens.length : tokens.length - 1;
    for (const block of [...this.root.children].slice(0, settled)) {
      highlightWithin(block, this.codeBar);
    }
  }

  /** Have the next update build every block anew. */
  redraw() {
    this.root.replaceChildren();
    this.sources = [];
  }

  block(token) {
    const block = document.createElement("div");
    block.className = "prose-block";
    block.dir = "auto";
    block.append(renderBlock(token));
    this.decorate(block);
    renderMathWithin(block);
    return block;
  }
}
