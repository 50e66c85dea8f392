import assert from "node:assert/strict";
import { test } from "node:test";
import "../page.js";

const { counted, formatted, percentage } = await import("../../../static/js/documents/numbers.js");

test("strings depend on the number, which is written as the reader writes it", () => {
  assert.equal(counted("selected", 1), "1 document");
  assert.equal(counted("selected", 1200), "1,200 documents");
  assert.equal(formatted(12345), "12,345");
  assert.equal(percentage(45), "45%");
});
