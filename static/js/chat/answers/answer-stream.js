/*
 * The events of one answer, over server-sent events. The browser connects again by itself, from
 * the last event that it had; `lost` and `back` say when it does.
 */

const KINDS = ["stage", "sources", "token", "reasoning", "replace", "error", "done"];

/** Call `handlers[kind](data)` for each event; returns a function that stops listening. */
export function follow(url, handlers) {
  const source = new EventSource(url);
  let lost = false;
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
