import assert from "node:assert/strict";
import { test } from "node:test";
import "../../page.js";

const { plainSentences } = await import("../../../../static/js/chat/answers/announcer.js");

for (const [written, said] of [
  ["Le prêt **dure** trois semaines [1].\n", ["Le prêt dure trois semaines ."]],
  ["> 1\\) L'annexe\\_2 est jointe.\n", ["1) L'annexe_2 est jointe."]],
  ["> La note &#91;&#8288;3] renvoie à l'annexe.\n", ["La note [3] renvoie à l'annexe."]],
]) {
  test(`said of an answer: ${said[0]}`, () => assert.deepEqual(plainSentences("", written), said));
}

test("a sentence is said once, when it is complete", () => {
  assert.deepEqual(plainSentences("Un. ", "Un. Deux. Trois"), ["Deux."]);
});
