/* What readers are told of a source: its document, and the place in it ("page 3", "pages 3–4"). */
import { t } from "../../shared/strings.js";

/**
 * The place of a citation: {title, unit, page_start, page_end, page_label}. A section named as its
 * document has its number, so that no name is read twice.
 */
export function placeOf({ title, unit, page_start: first, page_end: last, page_label: label }) {
  const isPage = unit === "page";
  if (label && label !== title && !isPage) return label;
  if (last > first) return t(`${unit}s`, { first, last });
  return t(unit, { number: (isPage && label) || first });
}

/** Show the file name of the cited document in `line`, unless it stands for the title. */
export function showFile(line, { title, document: name }) {
  line.hidden = title === name;
  line.textContent = name;
}

/** A source on one line: "[1] Title (file.pdf), page 3". */
export function sourceLine(citation) {
  const { number, title, document: name } = citation;
  const file = title === name ? "" : ` (${name})`;
  return `[${number}] ${title}${file}, ${placeOf(citation)}`;
}
