import assert from "node:assert/strict";
import { test } from "node:test";

const { toast } = await import("../../../static/js/shared/toast.js");

test("a toast replaces the one before it, and stays for its own time", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let shown = [];
  globalThis.document = {
    createElement: () => ({
      remove() {
        shown = shown.filter((item) => item !== this);
      },
    }),
    getElementById: () => ({
      append: (item) => shown.push(item),
      replaceChildren: (item) => {
        shown = [item];
      },
    }),
  };
  toast("Copied");
  context.mock.timers.tick(3000);
  toast("Renamed");
  assert.deepEqual(
    shown.map((item) => item.textContent),
    ["Renamed"],
  );
  context.mock.timers.tick(3000);
  assert.equal(shown.length, 1);
  context.mock.timers.tick(1000);
  assert.equal(shown.length, 0);
});
