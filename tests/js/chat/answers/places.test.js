import assert from "node:assert/strict";
import { test } from "node:test";
import "../../page.js";

const { placeOf } = await import("../../../../static/js/chat/answers/places.js");

for (const [citation, words] of [
  [{ unit: "page", page_start: 3, page_end: 3 }, "page 3"],
  [{ unit: "page", page_start: 3, page_end: 4 }, "pages 3–4"],
  [{ unit: "page", page_start: 3, page_end: 3, page_label: "iii" }, "page iii"],
  [{ unit: "sheet", page_start: 1, page_end: 1, page_label: "Budget" }, "Budget"],
]) {
  test(`place of a citation: ${words}`, () => assert.equal(placeOf(citation), words));
}
