/* Rows of tables, which parsers write in Markdown, in a line of running text. */

const ROW = /^\s*\|.*\|\s*$/;
const RULE = /^[\s|:-]+$/;

/**
 * The text with the cells of each row between dots; rules between header and rows are left out.
 *
 * @param {string} text
 * @returns {string}
 */
export function withoutBars(text) {
  return text
    .split("\n")
    .filter((line) => !(ROW.test(line) && RULE.test(line)))
    .map((line) => (ROW.test(line) ? cells(line).join(" · ") : line))
    .join("\n");
}

/** @param {string} row */
function cells(row) {
  return row
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"))
    .filter(Boolean);
}
