import assert from "node:assert/strict";
import { test } from "node:test";
import { boxesOf } from "../../../static/js/pdf/boxes.js";

// A page 800 high, at its natural size: PDF counts from the bottom, a screen from the top.
const VIEWPORT = { convertToViewportPoint: (x, y) => [x, 800 - y] };

/** A line of text, ten units a letter. */
function line(str, x, y) {
  return { str, width: 10 * str.length, height: 10, transform: [10, 0, 0, 10, x, y] };
}

function covered(items, quote) {
  return boxesOf(items, quote, VIEWPORT).map(({ left, width }) => [left, width]);
}

test("the box covers the letters of the quote", () => {
  const [box] = boxesOf([line("The office opens", 100, 700)], "office", VIEWPORT);
  const { left, top, width, height } = box;
  assert.deepEqual([left, top, width, height].map(Math.round), [140, 91, 60, 11]);
});

test("a quote over two lines has a box on each", () => {
  const items = [line("The office", 0, 700), line("opens early", 0, 680)];
  assert.deepEqual(covered(items, "office opens"), [
    [40, 60],
    [0, 50],
  ]);
});

test("hyphens, spaces, accents and ligatures make no difference", () => {
  const items = [line("Les o\ufb03-", 0, 700), line("ciers  ÉLUS", 0, 680)];
  assert.deepEqual(covered(items, "officiers élus"), [
    [40, 20],
    [0, 110],
  ]);
});

test("of a quote that continues on another page, the words of this page are covered", () => {
  const items = [line("one two three four five six", 0, 700)];
  assert.deepEqual(covered(items, "two three four five six seven eight"), [[40, 230]]);
});

test("a quote that is not on the page has no box", () => {
  assert.deepEqual(covered([line("one two", 0, 700)], "three"), []);
  assert.deepEqual(covered([line("one two", 0, 700)], ""), []);
});
