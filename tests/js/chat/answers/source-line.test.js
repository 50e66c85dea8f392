import assert from "node:assert/strict";
import { test } from "node:test";

const { sourceLine } = await import("../../../../static/js/chat/answers/source-line.js");

test("a source has its title first, and its file name where the title is another", () => {
  const source = { number: 1, place: "page 3", document: "a.pdf" };
  assert.equal(sourceLine({ ...source, title: "Rules" }), "[1] Rules (a.pdf), page 3");
  assert.equal(sourceLine({ ...source, title: "a.pdf" }), "[1] a.pdf, page 3");
});
