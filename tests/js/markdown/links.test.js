import assert from "node:assert/strict";
import { test } from "node:test";
import { destination, isExact } from "../../../static/js/markdown/links.js";

for (const [href, url] of [
  ["https://good.example/a?b#c", "https://good.example/a?b#c"],
  ["https://good.example@evil.example/", "https://evil.example/"],
  ["mailto:a@good.example?bcc=b@evil.example", "mailto:a@good.example"],
  ["/relative", undefined],
  ["javascript:alert(1)", undefined],
]) {
  test(`destination of ${href}`, () => assert.equal(destination(href)?.href, url));
}

for (const [text, exact] of [
  ["evil.example", true],
  ["https://evil.example", true],
  ["evil.example/", true],
  ["good.example", false],
  ["good.example/evil.example", false],
  ["еvil.example", false], // a Cyrillic е
  ["evil.example ", false],
]) {
  test(`link text “${text}” ${exact ? "names" : "does not name"} its host`, () => {
    const url = new URL("https://evil.example/");
    assert.equal(isExact(text, url, url.host), exact);
  });
}
