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

function boxOf(item, first, last, viewport) {
  const [, , c, d, x, y] = item.transform;
  const height = Math.hypot(c, d) || item.height;
  const length = item.str.length;
  const left = x + (item.width * first) / length;
  const right = x + (item.width * last) / length;
  const corners = [
    ...viewport.convertToViewportPoint(left, y - 0.22 * height),
    ...viewport.convertToViewportPoint(right, y + 0.86 * height),
  ];
  return {
    left: Math.min(corners[0], corners[2]),
    top: Math.min(corners[1], corners[3]),
    width: Math.abs(corners[2] - corners[0]),
    height: Math.abs(corners[3] - corners[1]),
  };
}

/** Boxes, in the viewport's pixels, over the words of `quote` among a page's text items. */
export function boxesOf(items, quote, viewport) {
  const letters = [];
  items.forEach((item, number) => {
    for (const [letter, index] of lettersOf(item.str ?? ""))
      letters.push({ letter, number, index });
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
    for (const [number, [first, last]] of spans) {
      boxes.push(boxOf(items[number], first, last, viewport));
    }
  }
  return boxes;
}
