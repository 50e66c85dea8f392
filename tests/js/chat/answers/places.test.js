import assert from "node:assert/strict";
import { test } from "node:test";
import "../../page.js";

const { placeOf, sourceLine } = await import("../../../../static/js/chat/answers/places.js");

for (const [citation, words] of [
  [{ unit: "page", page_start: 3, page_end: 3 }, "page 3"],
  [{ unit: "page", page_start: 3, page_end: 4 }, "pages 3–4"],
  [{ unit: "page", page_start: 3, page_end: 3, page_label: "iii" }, "page iii"],
  [{ unit: "sheet", page_start: 1, page_end: 1, page_label: "Budget" }, "Budget"],
  [
    { title: "Rules", unit: "section", page_start: 2, page_end: 2, page_label: "Rules" },
    "section 2",
  ],
]) {
  test(`place of a citation: ${words}`, () => assert.equal(placeOf(citation), words));
}

test("a source has its title first, and its file name where the title is another", () => {
  const source = { number: 1, unit: "page", page_start: 3, page_end: 3, document: "a.pdf" };
  assert.equal(sourceLine({ ...source, title: "Rules" }), "[1] Rules (a.pdf), page 3");
  assert.equal(sourceLine({ ...source, title: "a.pdf" }), "[1] a.pdf, page 3");
});
