/*
 * Where the words of a quote stand on a page of a PDF. Extraction may have joined hyphenated words
 * or changed spaces and ligatures, so only letters and digits are compared, without accents.
 */

const SHINGLE = 5;

function lettersOf(text) {
  const letters = [];
  for (let index = 0; index < text.length; index += 1) {
    const plain = text[index].normalize("NFKD").toLowerCase();
    for (const character of plain) {
      if (/[\p{L}\p{N}]/u.test(character)) letters.push([character, index]);
    }
  }
  return letters;
}

/** [first, last] ranges of `page` (a string of letters) that the quote covers. */
function rangesOf(page, quote) {
  const whole = lettersOf(quote)
    .map(([letter]) => letter)
    .join("");
  if (!whole) return [];
  const at = page.indexOf(whole);
  if (at >= 0) return [[at, at + whole.length]];
  // A quote across two pages, or around a footnote: as many runs of words as are here, in order.
  const words = quote.split(/\s+/).map((word) =>
    lettersOf(word)
      .map(([letter]) => letter)
      .join(""),
  );
  const solid = words.filter(Boolean);
  const ranges = [];
  let from = 0;
  for (let index = 0; index + SHINGLE <= solid.length; index += 1) {
    const run = solid.slice(index, index + SHINGLE).join("");
    const found = page.indexOf(run, from);
    if (found < 0) continue;
    const last = ranges.at(-1);
    if (last && found <= last[1]) last[1] = found + run.length;
    else ranges.push([found, found + run.length]);
    from = found;
  }
  return ranges;
}

/** The box of the letters `first` to `last` of a word, as if all were equally wide. */
function boxOf([text, left, top, width, height], first, last) {
  return {
    left: left + (width * first) / text.length,
    top,
    width: (width * (last - first)) / text.length,
    height,
  };
}

/** Boxes over the words of `quote` among a page's `words`: [text, left, top, width, height]. */
export function boxesOf(words, quote) {
  const letters = [];
  words.forEach(([text], number) => {
    for (const [letter, index] of lettersOf(text)) letters.push({ letter, number, index });
  });
  const page = letters.map(({ letter }) => letter).join("");
  const boxes = [];
  for (const [from, to] of rangesOf(page, quote)) {
    const spans = new Map();
    for (const { number, index } of letters.slice(from, to)) {
      const span = spans.get(number);
      if (span) span[1] = index + 1;
      else spans.set(number, [index, index + 1]);
    }
    const found = [...spans].map(([number, [first, last]]) => boxOf(words[number], first, last));
    boxes.push(...joined(found));
  }
  return boxes;
}

/** Boxes that follow one another on a line as one, without gaps between words. */
function joined(boxes) {
  const lines = [];
  for (const box of boxes) {
    const line = lines.at(-1);
    const middle = box.top + box.height / 2;
    const follows =
      line && box.left >= line.left && middle > line.top && middle < line.top + line.height;
    if (!follows) {
      lines.push({ ...box });
      continue;
    }
    const bottom = Math.max(line.top + line.height, box.top + box.height);
    line.top = Math.min(line.top, box.top);
    line.height = bottom - line.top;
    line.width = Math.max(line.left + line.width, box.left + box.width) - line.left;
  }
  return lines;
}
