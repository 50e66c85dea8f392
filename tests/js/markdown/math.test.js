import assert from "node:assert/strict";
import { test } from "node:test";
import { Marked } from "marked";
import { mathExtensions } from "../../../static/js/markdown/math.js";

const marked = new Marked({ extensions: mathExtensions((text) => text.replaceAll("<", "&lt;")) });
const inline = (tex) => `<code class="math-inline">${tex}</code>`;
const block = (tex) => `<code class="math-block">${tex}</code>`;

for (const [what, text, html] of [
  ["dollars", "If $x^2$ is", `<p>If ${inline("x^2")} is</p>\n`],
  ["parentheses", "If \\(a<b\\) is", `<p>If ${inline("a&lt;b")} is</p>\n`],
  ["an escaped dollar", "$a\\$b$", `<p>${inline("a\\$b")}</p>\n`],
  ["a block of dollars", "$$\nx\n$$\n", block("x")],
  ["a block of brackets", "\\[x\\]\n", block("x")],
]) {
  test(`a formula is recognised between ${what}`, () => assert.equal(marked.parse(text), html));
}

for (const text of ["5 $ et 6 $", "$5 and $6", "$ x$", "US$10"]) {
  test(`money is not a formula: ${text}`, () =>
    assert.equal(marked.parse(text), `<p>${text}</p>\n`));
}
