/* A stream of the documents' events, closed while nobody looks: a browser has few connections. */
import { send } from "../shared/http.js";
import { pageProblem, reporting } from "../shared/problem.js";

/** Calls `onListing` with what each event says; the page says why when there are no more. */
export class DocumentEvents {
  constructor(onListing) {
    this.onListing = onListing;
    document.addEventListener("visibilitychange", () => this.restart());
    window.addEventListener("pagehide", () => this.source?.close());
    window.addEventListener("pageshow", (event) => event.persisted && this.restart());
  }

  /** Listen to `url` from now on. */
  listen(url) {
    this.url = url;
    this.restart();
  }

  /** Connect again, which brings the state of now at once. */
  restart() {
    this.source?.close();
    if (!this.url || document.hidden) return;
    const source = new EventSource(this.url);
    this.source = source;
    source.addEventListener("listing", (event) => this.onListing(JSON.parse(event.data)));
    source.onopen = () => {
      if (this.isRefused) pageProblem().hidden = true;
      this.isRefused = false;
    };
    source.onerror = () => {
      // A connection that was only cut is made again by the browser. Of a refusal it does not tell
      // the reason.
      if (source.readyState === EventSource.CLOSED) this.explain();
    };
  }

  explain() {
    this.isRefused = true;
    return reporting(pageProblem(), () => send(location.href, { method: "HEAD" }));
  }
}
