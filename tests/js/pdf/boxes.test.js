import assert from "node:assert/strict";
import { test } from "node:test";
import { boxesOf } from "../../../static/js/pdf/boxes.js";

/** The words of a line, ten parts a letter, ten parts high. */
function line(text, x, y) {
  const words = [];
  for (const { 0: word, index } of text.matchAll(/\S+/g)) {
    words.push([word, x + 10 * index, y, 10 * word.length, 10]);
  }
  return words;
}

function covered(words, quote) {
  return boxesOf(words, quote).map(({ left, width }) => [left, width]);
}

test("the box covers the letters of the quote", () => {
  const boxes = boxesOf(line("The office opens", 100, 70), "offic");
  assert.deepEqual(boxes, [{ left: 140, top: 70, width: 50, height: 10 }]);
});

test("words of a line have one box, a quote over two lines a box on each", () => {
  const words = [...line("The office", 0, 70), ...line("opens early today", 0, 90)];
  assert.deepEqual(covered(words, "office opens early"), [
    [40, 60],
    [0, 110],
  ]);
});

test("hyphens, spaces, accents and ligatures make no difference", () => {
  const words = [...line("Les o\ufb03-", 0, 70), ...line("ciers  ÉLUS", 0, 90)];
  assert.deepEqual(covered(words, "officiers élus"), [
    [40, 20],
    [0, 110],
  ]);
});

test("of a quote that continues on another page, the words of this page are covered", () => {
  const words = line("one two three four five six", 0, 70);
  assert.deepEqual(covered(words, "two three four five six seven eight"), [[40, 230]]);
});

test("a quote that is not on the page has no box", () => {
  assert.deepEqual(covered(line("one two", 0, 70), "three"), []);
  assert.deepEqual(covered(line("one two", 0, 70), ""), []);
});
