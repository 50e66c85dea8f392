import assert from "node:assert/strict";
import { test } from "node:test";
import "../page.js";

const { UploadQueue } = await import("../../../static/js/documents/sending/upload-queue.js");

function queueOf(...items) {
  const queue = new UploadQueue();
  queue.items = items.map(([folder, state, more]) => ({
    file: { size: 10 },
    folder,
    state,
    sent: state === "sent" ? 10 : 0,
    first: false,
    ...more,
  }));
  return queue;
}

const numbered = (queue, found) => found.map((item) => queue.items.indexOf(item));

test("files are sent in their order, those that come first before all others", () => {
  const queue = queueOf(["A", "sent"], ["A", "waiting"], ["B", "waiting"], ["B", "waiting"]);
  assert.deepEqual(numbered(queue, queue.next(2)), [1, 2]);
  queue.items[3].first = true;
  assert.deepEqual(numbered(queue, queue.next(3)), [3]);
  queue.items[3].state = "sent";
  assert.deepEqual(numbered(queue, queue.next(3)), [1, 2]);
});

test("nothing of a paused folder is sent, and nothing at all while all is paused", () => {
  const queue = queueOf(["A/1", "waiting"], ["B", "waiting"], ["", "waiting"]);
  queue.pausedFolders.add("A");
  assert.deepEqual(numbered(queue, queue.next(3)), [1, 2]);
  queue.isPaused = true;
  assert.deepEqual(queue.next(3), []);
});

test("each folder of a drop has its numbers", () => {
  const queue = queueOf(
    ["A/1", "sent"],
    ["A/2", "failed"],
    ["A", "waiting"],
    ["B", "duplicate"],
    ["", "waiting"],
  );
  assert.deepEqual(
    queue
      .folders()
      .map(({ name, total, done, failed, pending }) => [name, total, done, failed, pending]),
    [
      ["A", 3, 1, 1, 1],
      ["B", 1, 1, 0, 0],
    ],
  );
});

test("ten thousand files are counted in one pass", () => {
  const queue = queueOf(...Array.from({ length: 10_000 }, (_, n) => [`F${n % 7}`, "waiting"]));
  assert.equal(queue.figures().pending, 10_000);
  assert.equal(queue.folders().length, 7);
  assert.equal(queue.remove((item) => item.folder === "F0").length, 1429);
  assert.equal(queue.figures().bytes, 85_710);
});
