/*
 * Marks the sentences of an answer that no passage supports: underlined, followed by a button that
 * shows the reason below the paragraph. The server names them by their place in the Markdown.
 */
import { t } from "../../shared/strings.js";

// Rare marks of punctuation, which Markdown leaves alone; removed from the text of the model.
const START = "\u2e28";
const END = "\u2e29";
const OURS = new RegExp(`[${START}${END}]`, "g");
const MARK = new RegExp(`${START}(\\d+)${START}| ?${END}(\\d+)${END}`, "g");
let notes = 0;

/**
 * The Markdown with a mark at the start and at the end of each sentence.
 *
 * @param {string} content
 * @param {{start: number, end: number}[]} sentences places in code points
 */
export function withMarks(content, sentences) {
  if (!sentences.length) return content;
  const letters = [...content].map((letter) => letter.replace(OURS, ""));
  sentences.forEach(({ start, end }, number) => {
    letters[start] = `${START}${number}${START}${letters[start]}`;
    letters[end - 1] += ` ${END}${number}${END}`;
  });
  return letters.join("");
}

/** Replace the marks of `root` by underlined text and buttons. */
export function markDoubts(root, sentences) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) {
    const node = /** @type {Text} */ (walker.currentNode);
    // The marks of citations are no words.
    if (!node.parentElement.closest("button")) nodes.push(node);
  }
  const state = { open: false };
  for (const node of nodes) markNode(node, sentences, state);
}

function markNode(node, sentences, state) {
  const pieces = [];
  let from = 0;
  const keep = (to) => {
    const text = node.data.slice(from, to);
    if (!text) return;
    pieces.push(state.open && text.trim() ? underlined(text) : text);
  };
  for (const match of node.data.matchAll(MARK)) {
    keep(match.index);
    from = match.index + match[0].length;
    state.open = match[1] !== undefined;
    const sentence = sentences[Number(match[2])];
    if (sentence) pieces.push(...doubt(sentence));
  }
  if (!from && !state.open) return;
  keep(node.data.length);
  node.replaceWith(...pieces);
}

function underlined(text) {
  const span = document.createElement("span");
  span.className = "doubtful";
  span.textContent = text;
  return span;
}

/** The button after a sentence and the note that it opens. */
function doubt({ message, quote, number }) {
  const note = document.createElement("span");
  notes += 1;
  note.id = `doubt-${notes}`;
  note.className = "doubt-note";
  note.hidden = true;
  note.append(message);
  if (quote) {
    const words = document.createElement("q");
    words.textContent = quote;
    note.append(" ", words);
  }
  if (number) note.dataset.passage = number;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "doubt";
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", note.id);
  button.textContent = t("toVerify");
  button.addEventListener("click", () => {
    note.hidden = !note.hidden;
    button.setAttribute("aria-expanded", String(!note.hidden));
  });
  return [" ", button, note];
}

/** Say under an answer how many sentences no passage supports. */
export function drawVerification(answer, verification) {
  answer.querySelector("[data-verification]").hidden = !verification?.summary;
  answer.querySelector("[data-verification-text]").textContent = verification?.summary ?? "";
}
