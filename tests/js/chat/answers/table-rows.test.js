import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutBars } from "../../../../static/js/chat/answers/table-rows.js";

for (const [text, shown] of [
  ["Un texte | sans tableau.", "Un texte | sans tableau."],
  ["| ATER | 25 jours |", "ATER · 25 jours"],
  ["| Statut | Congés |\n| --- | :-: |\n| ATER | |\nFin", "Statut · Congés\nATER\nFin"],
  ["| a \\| b | c |", "a | b · c"],
  ["---", "---"],
]) {
  test(`rows of ${JSON.stringify(text)}`, () => assert.equal(withoutBars(text), shown));
}
