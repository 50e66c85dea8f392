/* An answer as plain HTML, which word processors and mail programs keep when it is pasted. */
import { t } from "../../shared/strings.js";

/** The HTML of the answer in `content`, followed by a line for each of `sources`. */
export function richText(content, title, sources) {
  const copy = /** @type {HTMLElement} */ (content.cloneNode(true));
  for (const mark of copy.querySelectorAll(".cite")) mark.replaceWith(`[${mark.textContent}]`);
  for (const note of copy.querySelectorAll(".doubt-note")) {
    note.replaceWith(` [${t("notConfirmed", { reason: note.firstChild?.textContent ?? "" })}]`);
  }
  for (const button of copy.querySelectorAll(".doubt")) button.remove();
  for (const box of copy.querySelectorAll("input")) box.replaceWith(box.checked ? "☑" : "☐");
  for (const bar of copy.querySelectorAll(".code-bar")) bar.remove();
  for (const formula of copy.querySelectorAll(".katex")) {
    formula.replaceWith(formula.querySelector("annotation")?.textContent ?? "");
  }
  for (const table of copy.querySelectorAll("table")) {
    table.setAttribute("border", "1");
    table.setAttribute("cellspacing", "0");
    table.setAttribute("cellpadding", "4");
  }
  for (const frame of copy.querySelectorAll("div, span, label")) {
    frame.replaceWith(...frame.childNodes);
  }
  for (const element of copy.querySelectorAll("*")) keepMeaning(element);
  if (sources.length) copy.append(heading(title), ...sources.map(line));
  return copy.innerHTML;
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
