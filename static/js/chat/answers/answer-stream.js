/*
 * The events of one answer, over server-sent events: first those in the response to the question,
 * if it has them. When that response breaks off, and on a page that is reloaded, an EventSource
 * reads them: the browser connects again by itself, from the last event that it had; `lost` and
 * `back` say when it does.
 */

import { RequestError } from "../../shared/http.js";

const KINDS = [
  "stage",
  "queued",
  "sources",
  "token",
  "reasoning",
  "replace",
  "checked",
  "error",
  "done",
];

/**
 * Call `handlers[kind](data)` for each event; returns a function that stops listening.
 * `response` is an iterator over the first events, as `eventsOf` gives them.
 */
export function follow(url, handlers, response = null) {
  if (!response) return connect(url, handlers, false);
  let isStopped = false;
  let stop = () => response.return();
  read(response, handlers).then((last) => {
    if (last === null || isStopped) return;
    handlers.lost?.();
    stop = connect(`${url}?after=${last}`, handlers, true);
  });
  return () => {
    isStopped = true;
    stop();
  };
}

/** The data of the first event; raises RequestError when the connection is lost before it. */
export async function firstOf(events) {
  const first = await events.next().catch(() => ({ done: true }));
  if (first.done) throw new RequestError(0, "offline", "");
  return first.value.data;
}

/** Read events as `{kind, data, id}` from the body of a response. */
export async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (text + value).split("\n\n");
      text = blocks.pop();
      for (const block of blocks) {
        const fields = new Map(block.split("\n").map((line) => cut(line)));
        if (fields.has("data")) {
          yield {
            kind: fields.get("event"),
            data: JSON.parse(fields.get("data")),
            id: fields.get("id"),
          };
        }
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** @returns {[string, string]} The name and the value of a line of an event. */
function cut(line) {
  const end = line.indexOf(": ");
  return [line.slice(0, end), line.slice(end + 2)];
}

/** Handle the events of a response; the id of the last one, or null when the answer is done. */
async function read(response, handlers) {
  let last = 0;
  try {
    for await (const { kind, data, id } of response) {
      last = id;
      handlers[kind]?.(data);
      if (kind === "done") return null;
    }
  } catch (error) {
    // The network's errors are TypeErrors; any other is ours.
    if (!(error instanceof TypeError)) throw error;
  }
  return last;
}

function connect(url, handlers, lost) {
  const source = new EventSource(url);
  for (const kind of KINDS) {
    source.addEventListener(kind, (event) => {
      // The browser's own error event has the same name, and no data.
      if (event.data === undefined) return;
      handlers[kind]?.(JSON.parse(event.data));
      if (kind === "done") source.close();
    });
  }
  source.addEventListener("open", () => {
    if (lost) handlers.back?.();
    lost = false;
  });
  source.onerror = (event) => {
    if (event instanceof MessageEvent) return;
    if (source.readyState === EventSource.CLOSED) handlers.refused?.();
    else handlers.lost?.();
    lost = true;
  };
  return () => source.close();
}
