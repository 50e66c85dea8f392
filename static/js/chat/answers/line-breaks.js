/*
 * Where the lines of an answer may not break: between a word, its citation marks, and what closes
 * the sentence. Browsers break beside a button whatever character joins it, so all three share an
 * element that does not wrap.
 */

const BLOCK = "p, li, td, th, blockquote, h1, h2, h3, h4, h5, h6, label, .prose-block";
const LAST_WORD = /[^\s]{1,24}$/u;
const GAP_BEFORE_STOP = /^\s+(?=[.,)\]…])/;
const CLOSING = /^(?:[.,)\]…]|[\s\u00a0]?[;:!?»](?!\S))+/;

/** Keep the citation marks of `root` beside the word before, and the punctuation after. */
export function keepMarksTogether(root) {
  for (const mark of root.querySelectorAll(".cite")) {
    if (!mark.closest(".cite-group")) group(mark);
  }
}

function group(first) {
  let last = first;
  while (last.nextSibling?.classList?.contains("cite")) last = last.nextSibling;
  const range = document.createRange();
  range.setStartBefore(first);
  range.setEndAfter(last);
  startAtWord(range, first);
  if (last.nextSibling instanceof Text) {
    const after = last.nextSibling;
    after.data = after.data.replace(GAP_BEFORE_STOP, "");
    range.setEnd(after, CLOSING.exec(after.data)?.[0].length ?? 0);
  }
  const span = document.createElement("span");
  span.className = "cite-group";
  span.append(range.extractContents());
  range.insertNode(span);
}

/** Begin `range` at the last word before `mark`, if it is on its line, outside code and links. */
function startAtWord(range, mark) {
  const block = mark.closest(BLOCK);
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  walker.currentNode = mark;
  let node = walker.previousNode();
  while (node && !(node instanceof Text)) {
    if (node instanceof HTMLBRElement || node === block) return;
    node = walker.previousNode();
  }
  if (!(node instanceof Text)) return;
  if (node.parentElement.closest("code, a, .cite-group, .katex")) return;
  if (node.parentElement.closest(BLOCK) !== block) return;
  const offset = LAST_WORD.exec(node.data)?.index;
  if (offset === undefined) return;
  range.setStart(node, offset);
  // A word that is all of an element comes with it; otherwise an empty one would stay.
  const element = node.parentElement;
  if (offset === 0 && element.childNodes.length === 1 && element !== block) {
    range.setStartBefore(element);
  }
}
