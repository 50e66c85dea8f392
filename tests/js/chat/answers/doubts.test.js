import assert from "node:assert/strict";
import { test } from "node:test";
import "../../page.js";

const { withMarks } = await import("../../../../static/js/chat/answers/doubts.js");

test("marks are put around each sentence, by code points", () => {
  const content = "👋 Un. Deux [1]. Trois.";
  const marked = withMarks(content, [{ start: 6, end: 15 }]);
  assert.equal(marked, "👋 Un. ⸨0⸨Deux [1]. ⸩0⸩ Trois.");
});

test("marks of the model's own text are removed", () => {
  assert.equal(withMarks("a ⸨0⸨b⸩ c", [{ start: 0, end: 1 }]), "⸨0⸨a ⸩0⸩ 0b c");
});

test("text without doubts is unchanged", () => {
  assert.equal(withMarks("a ⸨ b", []), "a ⸨ b");
});
