/*
 * An answer as it leaves the page: HTML that word processors and mail programs keep, and plain text
 * that reads as a letter does.
 */
import { t } from "../../shared/strings.js";
import { plainText } from "./plain-text.js";

/**
 * The answer in `content`, followed by its `sources`, a line each.
 *
 * @param {HTMLElement} content
 * @param {string[]} sources
 * @returns {{ html: string, plain: string }}
 */
export function copiedText(content, sources) {
  const copy = withoutControls(content);
  const listed = sources.length ? [[t("sources"), ...sources].join("\n")] : [];
  const plain = [plainText(copy), ...listed].join("\n\n").trim();
  simplify(copy);
  if (sources.length) copy.append(heading(t("sources")), ...sources.map(line));
  return { html: copy.innerHTML, plain };
}

/** A copy of `content` in which words and signs stand for buttons, boxes and formulas. */
function withoutControls(content) {
  const copy = /** @type {HTMLElement} */ (content.cloneNode(true));
  // From the last: the first of several has a space before it.
  for (const mark of [...copy.querySelectorAll(".cite")].reverse()) {
    const { previousSibling: before } = mark;
    const follows = before instanceof Element && before.matches(".cite");
    mark.replaceWith(`${follows ? "" : " "}[${mark.textContent}]`);
  }
  for (const note of copy.querySelectorAll(".doubt-note")) {
    note.replaceWith(` [${t("notConfirmed", { reason: note.firstChild?.textContent ?? "" })}]`);
  }
  for (const button of copy.querySelectorAll(".doubt")) button.remove();
  for (const box of copy.querySelectorAll("input")) box.replaceWith(box.checked ? "☑" : "☐");
  for (const bar of copy.querySelectorAll(".code-bar")) bar.remove();
  for (const formula of copy.querySelectorAll(".katex")) {
    formula.replaceWith(formula.querySelector("annotation")?.textContent ?? "");
  }
  return copy;
}

/** Keep of `copy` what other programs understand. */
function simplify(copy) {
  for (const table of copy.querySelectorAll("table")) {
    table.setAttribute("border", "1");
    table.setAttribute("cellspacing", "0");
    table.setAttribute("cellpadding", "4");
  }
  for (const frame of copy.querySelectorAll("div, span, label")) {
    frame.replaceWith(...frame.childNodes);
  }
  for (const element of copy.querySelectorAll("*")) keepMeaning(element);
}

/** Take from `element` what only the page's own styles and scripts understand. */
function keepMeaning(element) {
  for (const name of element.getAttributeNames()) {
    if (/^(?:class|dir|id|role|tabindex|rel|target|title|aria-.*|data-.*)$/.test(name)) {
      element.removeAttribute(name);
    }
  }
}

function heading(text) {
  const strong = document.createElement("strong");
  strong.textContent = text;
  const paragraph = document.createElement("p");
  paragraph.append(strong);
  return paragraph;
}

function line(text) {
  const paragraph = document.createElement("p");
  paragraph.textContent = text;
  return paragraph;
}
