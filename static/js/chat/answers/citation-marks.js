/* [1] in an answer becomes a small numbered button; a number that has no source stays text. */
import { t } from "../../shared/strings.js";
import { keepMarksTogether } from "./line-breaks.js";

const MARK = /\[(\d{1,2}(?:\s*[,;]\s*\d{1,2})*)\]/g;

/** Replace the marks of `root` by buttons; `citations` maps numbers to citations. */
export function markCitations(root, citations) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const node = /** @type {Text} */ (walker.currentNode);
    if (node.data.includes("[") && !node.parentElement.closest("code, pre, a, button")) {
      found.push(node);
    }
  }
  for (const node of found) replaceMarks(node, citations);
  keepMarksTogether(root);
}

function replaceMarks(node, citations) {
  const pieces = [];
  let from = 0;
  for (const match of node.data.matchAll(MARK)) {
    const numbers = match[1].split(/\s*[,;]\s*/).map(Number);
    if (!numbers.every((number) => citations.has(number))) continue;
    pieces.push(node.data.slice(from, match.index).trimEnd());
    pieces.push(...numbers.map((number) => markOf(citations.get(number))));
    from = match.index + match[0].length;
  }
  pieces.push(node.data.slice(from));
  if (from) node.replaceWith(...pieces.filter(Boolean));
}

function markOf(citation) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "cite";
  button.dataset.citation = citation.number;
  button.textContent = citation.number;
  button.setAttribute(
    "aria-label",
    t("openSource", {
      number: citation.number,
      document: citation.title,
      place: citation.place,
    }),
  );
  return button;
}
