import assert from "node:assert/strict";
import { test } from "node:test";
import "../page.js";

const { fromDrop, fromInput, refusal } = await import("../../../static/js/documents/files.js");

function picked(path, { type = "", size = 1 } = {}) {
  const file = new File(["x".repeat(size)], path.split("/").at(-1), { type });
  return Object.assign(file, { webkitRelativePath: path.includes("/") ? path : "" });
}

function directory(name, entries) {
  const batches = [entries, []];
  const reader = { readEntries: (resolve) => resolve(batches.shift()) };
  return { name, isFile: false, createReader: () => reader };
}

function entry(name) {
  return { name, isFile: true, file: (resolve) => resolve(new File(["x"], name)) };
}

const names = (found) => found.map(({ file, folder }) => [folder, file.name]);

test("files of a picked folder keep its path, without what systems leave in it", () => {
  const files = ["a.pdf", "Law/b.pdf", "Law/.DS_Store", "Law/~$c.docx", "Law/.git/d.txt"].map(
    (path) => picked(path),
  );
  assert.deepEqual(names(fromInput({ files })), [
    ["", "a.pdf"],
    ["Law", "b.pdf"],
  ]);
});

test("dropped folders are read through", async () => {
  const inner = directory("2024", [entry("b.pdf"), entry("Thumbs.db")]);
  const dropped = [directory("Law", [entry("a.pdf"), inner]), entry("c.pdf")];
  const items = dropped.map((one) => ({ kind: "file", webkitGetAsEntry: () => one }));
  assert.deepEqual(names(await fromDrop({ items })), [
    ["Law", "a.pdf"],
    ["Law/2024", "b.pdf"],
    ["", "c.pdf"],
  ]);
});

for (const [what, file, reason] of [
  ["a document", picked("a.pdf"), ""],
  ["a file above the limit", picked("a.pdf", { size: 11 }), "Larger than 10 B"],
  ["an empty file", picked("a.pdf", { size: 0 }), "Empty"],
  ["a film", picked("a.mkv", { type: "video/x-matroska" }), ""],
  ["a film of another kind", picked("a.avi", { type: "video/x-msvideo" }), "Not a document"],
  ["an archive", picked("a.ZIP"), ""],
  ["a program", picked("a.EXE"), "Not a document"],
]) {
  test(`reason to refuse ${what}: “${reason}”`, () => {
    assert.equal(refusal(file, 10, "10 B"), reason);
  });
}
