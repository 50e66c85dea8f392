/*
 * Text that stops in the middle of its Markdown, closed for the eye: what streams in must not show
 * as stars and brackets that turn into something else a moment later.
 */

/** `text` with a half-written mark at its end closed or held back. */
export function heal(text) {
  if (insideFence(text)) return text;
  const start = text.lastIndexOf("\n\n") + 1;
  const before = text.slice(0, start);
  let last = text.slice(start);
  // A table is one from its second line on.
  if (/^\s*\|/.test(last) && !/\n[ \t]*\|?[\s:|-]*-[\s:|-]*\n/.test(last)) return before;
  // A citation, or a link and its address, that has not ended yet.
  last = last.replace(/!?\[[^\]\n]*$/, "").replace(/!?\[[^\]\n]*\]\([^)\n]*$/, "");
  last = last.replace(/(?:\*{1,3}|_{1,3}|~{1,2}|`{1,2})$/, "");
  if (count(last, /`/g) % 2) return `${before}${last}\``;
  if (count(last, /\*\*/g) % 2) return `${before}${last.trimEnd()}**`;
  return before + last;
}

function insideFence(text) {
  return count(text, /^ {0,3}(?:```|~~~)/gm) % 2 === 1;
}

function count(text, pattern) {
  return (text.match(pattern) ?? []).length;
}
