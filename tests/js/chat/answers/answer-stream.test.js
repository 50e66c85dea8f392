import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { eventsOf, firstOf, follow } from "../../../../static/js/chat/answers/answer-stream.js";

/** An EventSource whose events the test dispatches. */
class Source extends EventTarget {
  static CLOSED = 2;
  readyState = 1;

  constructor(url) {
    super();
    this.url = url;
    Source.last = this;
    this.addEventListener("error", (event) => this.onerror(event));
  }

  close() {
    this.readyState = Source.CLOSED;
  }

  send(kind, data) {
    const event = data ? new MessageEvent(kind, { data: JSON.stringify(data) }) : new Event(kind);
    this.dispatchEvent(event);
  }
}

let said;
const handlers = Object.fromEntries(
  ["token", "error", "done", "lost", "back", "refused"].map((kind) => [
    kind,
    (data) => said.push(data === undefined ? kind : [kind, data]),
  ]),
);

beforeEach(() => {
  globalThis.EventSource = Source;
  said = [];
});

test("each event is given to its handler until the answer is done", () => {
  follow("/events/", handlers);
  Source.last.send("token", { text: "Nine" });
  Source.last.send("stage", { stage: "ignored: without a handler" });
  Source.last.send("done", { status: "complete" });
  assert.equal(Source.last.url, "/events/");
  assert.deepEqual(said, [
    ["token", { text: "Nine" }],
    ["done", { status: "complete" }],
  ]);
  assert.equal(Source.last.readyState, Source.CLOSED);
});

test("an error of the answer is no loss of the connection", () => {
  follow("/events/", handlers);
  Source.last.send("error", { message: "Too long" });
  assert.deepEqual(said, [["error", { message: "Too long" }]]);
});

test("a lost connection is told, and its return once", () => {
  follow("/events/", handlers);
  Source.last.send("open");
  Source.last.send("error");
  Source.last.send("open");
  Source.last.send("open");
  assert.deepEqual(said, ["lost", "back"]);
});

test("a stream that the server refuses is told apart", () => {
  follow("/events/", handlers);
  Source.last.close();
  Source.last.send("error");
  assert.deepEqual(said, ["refused"]);
});

test("the returned function stops listening", () => {
  follow("/events/", handlers)();
  assert.equal(Source.last.readyState, Source.CLOSED);
});

/** A response whose body arrives in these pieces, and then ends or breaks off. */
function responseOf(pieces, error = null) {
  const body = new ReadableStream({
    async start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      await new Promise(setImmediate);
      if (error) controller.error(error);
      else controller.close();
    },
  });
  return eventsOf({ body });
}

const ASKED = 'event: asked\ndata: {"answer_id":"a"}\n\n: keep-alive\n\n';
const TOKEN = 'id: 3\nevent: token\ndata: {"text":"Ni';
const REST = 'ne"}\n\n';

test("the response to the question has the events, cut anywhere", async () => {
  Source.last = null;
  const response = responseOf([ASKED + TOKEN, `${REST}id: 4\nevent: done\ndata: {}\n\n`]);
  assert.deepEqual(await firstOf(response), { answer_id: "a" });
  await new Promise((resolve) => follow("/events/", { ...handlers, done: resolve }, response));
  assert.deepEqual(said, [["token", { text: "Nine" }]]);
  assert.equal(Source.last, null);
});

test("a response that breaks off is continued after its last event", async () => {
  const response = responseOf([ASKED, TOKEN + REST], new TypeError("network error"));
  await firstOf(response);
  await new Promise((resolve) => {
    follow("/events/", { ...handlers, lost: () => setImmediate(resolve) }, response);
  });
  assert.equal(Source.last.url, "/events/?after=3");
  Source.last.send("open");
  assert.deepEqual(said, [["token", { text: "Nine" }], "back"]);
});

test("a response without an event is a lost connection", async () => {
  await assert.rejects(firstOf(responseOf([])), { status: 0 });
});
