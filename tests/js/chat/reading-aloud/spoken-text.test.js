import assert from "node:assert/strict";
import { test } from "node:test";
import { languageOf, spokenParts } from "../../../../static/js/chat/reading-aloud/spoken-text.js";

test("the language of an answer is told from its frequent words", () => {
  assert.equal(languageOf("Les doctorants ont droit à un congé par an.", "en"), "fr");
  assert.equal(languageOf("The library is open to the staff of the university.", "fr"), "en");
  assert.equal(languageOf("Die Bibliothek ist von acht Uhr an offen.", "fr"), "de");
  assert.equal(languageOf("25", "fr"), "fr");
});

test("sentences are parts of their own, and long ones are cut between words", () => {
  assert.deepEqual(spokenParts("Oui. Vingt-cinq jours par an.", "fr"), [
    "Oui.",
    "Vingt-cinq jours par an.",
  ]);
  const long = "mot ".repeat(120).trim();
  const parts = spokenParts(long, "fr");
  assert.ok(parts.length > 2 && parts.every((part) => part.length <= 200));
  assert.equal(parts.join(" "), long);
});
