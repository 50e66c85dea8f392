import assert from "node:assert/strict";
import { test } from "node:test";
import "../../page.js";

const { method, summary } = await import("../../../../static/js/chat/answers/measures.js");

const spaced = (text) => text.replaceAll("\u00a0", " ");

for (const [impact, line] of [
  [{ total_ms: 94, energy_wh: 0, gco2e: 0 }, "94 ms · 0 Wh · 0 g CO₂e"],
  [{ total_ms: 1234, energy_wh: 0.0123, gco2e: 0.0012 }, "1.2 s · 12 mWh · 1.2 mg CO₂e"],
  [{ total_ms: 61_000, energy_wh: 1500, gco2e: 80 }, "61 s · 1.5 kWh · 80 g CO₂e"],
]) {
  test(`summary of an answer: ${line}`, () => assert.equal(spaced(summary(impact)), line));
}

test("the method names only what was measured", () => {
  assert.deepEqual(method({ method: "measured" }), ["Energy and carbon: measured"]);
  const whole = {
    method: "x",
    method_label: "estimated",
    first_token_ms: 250,
    retrieval_ms: 20,
    prompt_tokens: 1200,
    completion_tokens: 30,
    estimated: true,
  };
  assert.deepEqual(method(whole).map(spaced), [
    "Energy and carbon: estimated",
    "First word after 0.3 s",
    "Search in the documents: 20 ms",
    "Tokens, estimated: 1,200 read, 30 written",
  ]);
});
