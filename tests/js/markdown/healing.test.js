import assert from "node:assert/strict";
import { test } from "node:test";
import { heal } from "../../../static/js/markdown/healing.js";

const TABLE = "| a | b |\n|---|---|\n| 1";

for (const [what, text, healed] of [
  [
    "leaves complete text alone",
    "A **bold** word and `code` [1].",
    "A **bold** word and `code` [1].",
  ],
  ["closes bold text", "A **bold wo", "A **bold wo**"],
  ["closes bold text before a space", "A **bold ", "A **bold**"],
  ["closes code", "Call `run", "Call `run`"],
  ["holds back a mark that has just begun", "A *", "A "],
  ["holds back an unfinished citation", "Nine o'clock [1", "Nine o'clock "],
  ["holds back an unfinished link", "See [the site](https://exam", "See "],
  ["holds back an unfinished image", "See ![a plan", "See "],
  ["holds back a table without its second line", "Text.\n\n| a | b", "Text.\n"],
  ["shows a table from its second line on", TABLE, TABLE],
  ["leaves marks inside a code block", "```\n**a [b", "```\n**a [b"],
  ["ignores marks of earlier paragraphs", "A `b\n\nC", "A `b\n\nC"],
]) {
  test(`heal ${what}`, () => assert.equal(heal(text), healed));
}
